/** A program that serves HTTP/2 in cleartext, answers each call with an empty message, and prints its port. */
export const h2Program = (backlog = 511) => `
  const server = require("node:http2").createServer();
  server.on("stream", (stream, headers) => {
    const type = headers["content-type"].replace("+proto", "");
    const message = type === "application/json" ? "{}" : Buffer.alloc(5);
    stream.respond({ "content-type": type }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    const web = type === "application/grpc-web";
    stream.end(web ? Buffer.concat([message, Buffer.from("\\x80\\0\\0\\0\\x10grpc-status: 0\\r\\n", "latin1")]) : message);
  });
  const options = { port: 0, host: "127.0.0.1", backlog: ${backlog} };
  server.listen(options, () => process.stdout.write(String(server.address().port)));
`;

/** The same over HTTP/1.1: serves gRPC-Web and REST. */
export const http1Program = (backlog = 511) => `
  const server = require("node:http").createServer((request, response) => {
    const type = request.headers["content-type"];
    response.writeHead(200, { "content-type": type });
    const web = Buffer.from("\\0\\0\\0\\0\\0\\x80\\0\\0\\0\\x10grpc-status: 0\\r\\n", "latin1");
    response.end(type === "application/json" ? "{}" : web);
  });
  const options = { port: 0, host: "127.0.0.1", backlog: ${backlog} };
  server.listen(options, () => process.stdout.write(String(server.address().port)));
`;
