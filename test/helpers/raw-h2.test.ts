import { once } from "node:events";
import { connect } from "node:http2";
import { expect, test } from "@jest/globals";
import { envelope, startRawH2 } from "./raw-h2.js";

// The tool that the fault matrix stands on, against the client of Node's core.

test("the server reads the headers and body of any request", async () => {
  const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index)).replace("\\", "");
  await using server = await startRawH2({
    onRequest: (stream) => stream.ok(Buffer.concat(stream.body)),
  });
  const session = connect(server.url);
  for (const value of [printable, "short", printable]) {
    const headers = { ":method": "POST", ":path": "/a.B/C", "x-text": `-${value}-`, "x-long": "0".repeat(5000) };
    const request = session.request(headers);
    request.end("ping");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(envelope(Buffer.from("ping")));
    expect(server.requests.at(-1)).toMatchObject(headers);
  }
  session.close();
  await once(session, "close");
});

test("the server sends what it is told", async () => {
  await using server = await startRawH2({
    onRequest(stream) {
      stream.head({ ":status": 200, "x-big": "b".repeat(20_000) });
      stream.data(Buffer.from("hello"), { padding: 255 });
      stream.trailers({ "grpc-status": 7 });
      if (stream.number === 2) stream.connection.goaway(stream.id, 0, "bye");
    },
  });
  const session = connect(server.url);
  for (let call = 1; call <= 2; call++) {
    const request = session.request({ ":method": "POST" });
    request.end();
    const [[headers], [trailers], [data]] = await Promise.all([
      once(request, "response"),
      once(request, "trailers"),
      once(request, "data"),
    ]);
    expect(headers["x-big"]).toHaveLength(20_000);
    expect(String(data)).toBe("hello");
    expect(trailers["grpc-status"]).toBe("7");
  }
  await once(session, "close");
  expect(server.connections).toHaveLength(1);
});

test("pings and resets are counted", async () => {
  await using server = await startRawH2();
  const session = connect(server.url);
  await once(session, "connect");
  await new Promise((resolve) => session.ping(resolve));
  server.connections[0]?.ping();
  const request = session.request({ ":method": "POST" }, { endStream: false });
  request.on("error", () => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  request.close(8);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(server.connections[0]).toMatchObject({ pings: 1, pingAcks: 1, resets: new Map([[1, 8]]) });
  session.destroy();
});
