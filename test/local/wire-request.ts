import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:http2";

export interface WireAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
}

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Instead of the server's own, over HTTP/2. */
  readonly authority?: string | undefined;
  readonly body?: string | Uint8Array | undefined;
}

/** Sends a request over HTTP/1.1, and nothing that was not asked for but `Host` and the body's length. */
export async function sendHttp1(url: string, { method, path, headers = [], body }: WireRequest): Promise<WireAnswer> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? [] : [["Content-Length", String(Buffer.byteLength(body))] as const];
  const hasHost = headers.some(([name]) => name.toLowerCase() === "host");
  // Without it Node asks the server to close.
  const keepAlive = headers.some(([name]) => name === "connection") ? [] : [["Connection", "keep-alive"] as const];
  const host = hasHost ? [] : [["Host", `${hostname}:${port}`] as const];
  const outgoing = request({
    hostname,
    port,
    method,
    path,
    headers: [...host, ...keepAlive, ...headers, ...length].flat(),
    agent: false,
  });
  outgoing.end(body);
  const [response] = await once(outgoing, "response");
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) {
    chunks.push(chunk);
  }
  const raw: string[] = response.rawHeaders;
  const names = raw.filter((_, i) => i % 2 === 0);
  const received = names.map((name, i): [string, string] => [name, raw[i * 2 + 1] ?? ""]);
  return { status: response.statusCode, headers: received, body: Buffer.concat(chunks), trailers: response.trailers };
}

/** Sends a request over HTTP/2 on a connection of its own. */
export async function sendHttp2(url: string, request: WireRequest): Promise<WireAnswer> {
  const { method, path, headers = [], authority, body } = request;
  const session = connect(url);
  try {
    const pseudo = { ":method": method, ":path": path, ...(authority !== undefined && { ":authority": authority }) };
    const stream = session.request({ ...pseudo, ...Object.fromEntries(headers) }, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    let trailers: Record<string, string> = {};
    stream.on("trailers", (received) => {
      trailers = onlyText(received);
    });
    const [{ ":status": status, ...rest }] = await once(stream, "response");
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk);
    }
    const received = Object.entries<string | string[]>(rest).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, one]),
    );
    return { status, headers: received, body: Buffer.concat(chunks), trailers };
  } finally {
    session.close();
  }
}

function onlyText(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
