// A process of its own: answers every call with the same bytes, `process.argv[2]` tokens. gRPC over cleartext HTTP/2
// (TLS, if `process.argv[3]` is "tls") on one port, gRPC-Web and REST over HTTP/1.1 on another.
import { createServer as createHttp1Server } from "node:http";
import { createSecureServer, createServer } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import { ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import { certificate } from "../helpers/certificate.js";
import { answer, envelope } from "./answer.js";

/** Where a bench server listens. */
export type Origins = { grpc: string; http1: string };

const message = answer(Number(process.argv[2]));
const grpcBody = envelope(message);
const webBody = Buffer.concat([grpcBody, envelope(Buffer.from("grpc-status: 0\r\n"), 0x80)]);

// ZITADEL's own headers, which a client has to read like any.
const headers = {
  "cache-control": "no-store",
  expires: "Mon, 23 Nov 2026 06:19:45 GMT",
  "grpc-metadata-cache-control": "no-store",
  pragma: "no-cache",
  "x-robots-tag": "none",
};
const grpcHeaders = {
  ":status": 200,
  "content-type": "application/grpc",
  trailer: "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin",
  ...headers,
};
const json = Buffer.from(
  toJsonString(ListMyRefreshTokensResponseSchema, fromBinary(ListMyRefreshTokensResponseSchema, message)),
);
const restHeaders = { "content-type": "application/json", "content-length": json.length, ...headers };
const webHeaders = { "content-type": "application/grpc-web+proto", "content-length": webBody.length, ...headers };

const secure = process.argv[3] === "tls";
const grpc = (
  secure
    ? createSecureServer({ ...certificate("server"), maxSessionMemory: 1_000 })
    : createServer({ maxSessionMemory: 1_000 })
).on("stream", (stream) => {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.on("end", () => {
    stream.respond(grpcHeaders, { waitForTrailers: true });
    stream.end(grpcBody);
  });
  stream.resume();
});
const http1 = createHttp1Server({ keepAliveTimeout: 60_000 }, (request, response) => {
  const [fields, body] = request.url?.startsWith("/auth/v1/") ? [restHeaders, json] : [webHeaders, webBody];
  request.resume().on("end", () => response.writeHead(200, fields).end(body));
});

const listen = (server: Server, origin: string) =>
  new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`${origin}:${(server.address() as AddressInfo).port}`));
  });
const origins: Origins = {
  grpc: await listen(grpc as unknown as Server, secure ? "https://localhost" : "http://127.0.0.1"),
  http1: await listen(http1, "http://127.0.0.1"),
};
process.send?.(origins);
process.once("disconnect", () => process.exit());
