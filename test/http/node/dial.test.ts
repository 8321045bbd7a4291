import { EventEmitter, once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { expect, test } from "@jest/globals";
import { dial } from "../../../src/http/node/dial.js";
import { http2Settings } from "../../../src/http/node/settings.js";
import { ca, certificate } from "../../helpers/certificate.js";
import { startRawH2 } from "../../helpers/raw-h2.js";

test("a connection over which TLS cannot begin is closed", async () => {
  const ended = new EventEmitter();
  const closed = once(ended, "close");
  await using server = await startRawH2({
    takeSocket: (socket) => socket.resume().once("close", () => ended.emit("close", "closed")),
  });
  // Node refuses this name when it connects.
  const settings = { ...http2Settings({}), servername: 5 as unknown as string };
  const origin = new URL(server.url.replace("http:", "https:"));
  await expect(dial(origin, settings, new AbortController().signal)).rejects.toThrow(TypeError);
  expect(await Promise.race([closed, pause(2_000, undefined, { ref: false })])).toEqual(["closed"]);
});

test("what createConnection does to its URL changes nothing", async () => {
  await using server = await startRawH2({ tls: certificate("server") });
  const createConnection = (origin: URL) => {
    origin.protocol = "http:";
    return connect(server.port, "127.0.0.1");
  };
  const settings = http2Settings({ tls: { ca }, createConnection });
  const origin = new URL(server.url);
  for (let time = 0; time < 2; time++) {
    const connection = await dial(origin, settings, new AbortController().signal);
    expect(connection.destroy()).toBeInstanceOf(TLSSocket);
  }
});
