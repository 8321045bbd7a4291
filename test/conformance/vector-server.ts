import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { certificate } from "../helpers/certificate.js";
import { type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";
import type { Vector } from "./vectors.js";
import { grouped, wireOf } from "./wire.js";

/** A request as the server saw it. */
export type Seen = { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer };

/** Answers each request with the bytes of the vector that its `x-vector` header names, and notes what it asked. */
export class VectorAnswers {
  readonly #vectors: ReadonlyMap<string, Vector>;
  readonly #seen = new Map<number, Seen[]>();

  constructor(vectors: readonly Vector[]) {
    this.#vectors = new Map(vectors.map((vector) => [String(vector.id), vector]));
  }

  /** The requests so far that named this vector. */
  seen(vector: Vector): Seen[] {
    return this.#seen.get(vector.id) ?? [];
  }

  /** HTTP/1.1: gRPC-Web only, which needs no trailers. */
  readonly onRequest: RequestListener = async (request, response) => {
    const { method = "", url: path = "", headers } = request;
    const body = await buffer(request).catch(() => undefined);
    if (!body || response.destroyed) return;
    const vector = this.#note({ method, path, headers, body });
    if (!vector) {
      response.writeHead(404).end();
      return;
    }
    const wire = wireOf(vector);
    const answer = () => response.writeHead(wire.status, wire.headers.flat()).end(wire.body);
    const timer = setTimeout(answer, vector.delayMs ?? 0);
    response.once("close", () => clearTimeout(timer));
  };

  /** HTTP/2, frame by frame, since `node:http2` refuses to send some of the answers. */
  readonly onStream = (stream: RawH2Stream): void => {
    const { connection, headers } = stream;
    const body = Buffer.concat(stream.body);
    const vector = this.#note({ method: headers[":method"] ?? "", path: headers[":path"] ?? "", headers, body });
    if (!vector) {
      stream.head({ ":status": 404 }, { endStream: true });
      return;
    }
    const wire = wireOf(vector);
    const timer = setTimeout(() => {
      if (connection.resets.has(stream.id)) return;
      stream.head({ ":status": wire.status, ...grouped(wire.headers) }, { endStream: wire.body === undefined });
      if (wire.body) stream.data(wire.body, { endStream: wire.trailers === undefined });
      if (wire.trailers) stream.trailers(grouped(wire.trailers));
    }, vector.delayMs ?? 0);
    timer.unref();
  };

  #note(request: Seen): Vector | undefined {
    const vector = this.#vectors.get(String(request.headers["x-vector"]));
    if (vector) this.#seen.set(vector.id, [...this.seen(vector), request]);
    return vector;
  }
}

/** How a client connects to the server. */
export type Via = "http1" | "http2" | "http2-tls";

export type VectorServer = { baseUrl: string; answers: VectorAnswers; close(): Promise<void> };

/** Starts a server for the vectors on a free port of this machine. */
export async function startVectorServer(vectors: readonly Vector[], via: Via): Promise<VectorServer> {
  const answers = new VectorAnswers(vectors);
  if (via !== "http1") {
    const tls = via === "http2-tls" ? { tls: certificate("server") } : {};
    const server = await startRawH2({ onRequest: answers.onStream, ...tls });
    return { baseUrl: server.url, answers, close: () => server.close() };
  }
  const server = createServer(answers.onRequest).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
