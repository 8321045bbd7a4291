// A process of its own: answers every gRPC call over cleartext HTTP/2 with the same bytes, `process.argv[2]` tokens.
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { answer, envelope } from "./answer.js";

const body = envelope(answer(Number(process.argv[2])));

// ZITADEL's own headers, which a client has to read like any.
const headers = {
  ":status": 200,
  "cache-control": "no-store",
  "content-type": "application/grpc",
  expires: "Mon, 23 Nov 2026 06:19:45 GMT",
  "grpc-metadata-cache-control": "no-store",
  pragma: "no-cache",
  trailer: "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin",
  "x-robots-tag": "none",
};

const server = createServer().on("stream", (stream) => {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.on("end", () => {
    stream.respond(headers, { waitForTrailers: true });
    stream.end(body);
  });
  stream.resume();
});
server.listen(0, "127.0.0.1", () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("disconnect", () => process.exit());
