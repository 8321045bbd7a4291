import { Agent, request } from "node:http";
import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ListMyRefreshTokensRequestSchema,
  type ListMyRefreshTokensResponse,
  ListMyRefreshTokensResponseSchema,
} from "../../gen/zitadel/auth_pb.js";
import { envelope } from "./answer.js";

const headers = {
  ":method": "POST",
  ":path": "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
  "content-type": "application/grpc",
  te: "trailers",
};

/**
 * The least that a call can cost in Node: `node:http2` and the decoder, and of gRPC only what tells success from
 * failure. No token, no deadline, no retry, no error worth reading.
 */
export function createFloor(baseUrl: string): { list(): Promise<ListMyRefreshTokensResponse>; close(): void } {
  // Node counts what answers hold against a session, 10 MB by default: too little for hundreds of large ones.
  const session = connect(baseUrl, { settings: { initialWindowSize: 1 << 20 }, maxSessionMemory: 1_000 });
  session.once("connect", () => session.setLocalWindowSize(8 << 20));
  const request = envelope(toBinary(ListMyRefreshTokensRequestSchema, create(ListMyRefreshTokensRequestSchema, {})));

  const exchange = () =>
    new Promise<Uint8Array>((resolve, reject) => {
      // A finished stream stays alive for a while with all that its listeners reach, hence one thing to let go of.
      let call: Call | undefined = { resolve, reject, chunks: [], status: undefined, grpcStatus: undefined };
      const stream = session.request(headers);
      stream.on("response", (received: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
        if (call) call.status = received[":status"];
      });
      stream.on("data", (chunk: Buffer) => call?.chunks.push(chunk));
      stream.on("trailers", (received) => {
        if (call) call.grpcStatus = received["grpc-status"];
      });
      stream.on("error", (error) => {
        call?.reject(error);
        call = undefined;
      });
      stream.on("end", () => {
        if (call) settle(call);
        call = undefined;
      });
      stream.end(request);
    });

  return {
    list: async () => fromBinary(ListMyRefreshTokensResponseSchema, await exchange()),
    close: () => session.close(),
  };
}

type Call = {
  resolve(message: Uint8Array): void;
  reject(error: Error): void;
  chunks: Buffer[];
  status: number | undefined;
  grpcStatus: string | string[] | undefined;
};

function settle({ resolve, reject, chunks, status, grpcStatus }: Call): void {
  const [first] = chunks;
  const body = chunks.length === 1 && first ? first : Buffer.concat(chunks);
  if (status !== 200 || grpcStatus !== "0" || body.length < 5 || body.readUInt32BE(1) !== body.length - 5) {
    reject(new Error(`status ${status}, grpc-status ${grpcStatus}, ${body.length} bytes`));
    return;
  }
  // A plain view: the decoder is slower on a Buffer.
  resolve(new Uint8Array(body.buffer, body.byteOffset + 5, body.length - 5));
}

/** The same over HTTP/1.1: `node:http`, and of HTTP only what tells success from failure. */
export function createHttp1Floor(url: string, headers: Record<string, string>, body: Uint8Array) {
  const agent = new Agent({ keepAlive: true });
  const send = () =>
    new Promise<Buffer>((resolve, reject) => {
      const sent = request(url, { method: "POST", agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const [first] = chunks;
          if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
          else resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
        });
      });
      sent.on("error", reject);
      sent.end(body);
    });
  return { send, close: () => agent.destroy() };
}
