import { EventEmitter, once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { dial } from "../../../src/http/node/dial.js";
import { http2Settings } from "../../../src/http/node/settings.js";
import { until } from "../../faults/fault-row.js";
import { ca, certificate } from "../../helpers/certificate.js";
import { startRawH2 } from "../../helpers/raw-h2.js";

for (const [host, asked] of [
  ["localhost.", "localhost"],
  ["localhost", "localhost"],
  ["127.0.0.1", false],
  ["[::1]", false],
] as const) {
  test(`TLS asks ${host} for ${asked || "no name"}, and the certificate has to be for it`, async () => {
    const names: unknown[] = [];
    const takeSocket = (socket: object) => names.push((socket as { servername?: unknown }).servername);
    await using server = await startRawH2({ tls: certificate("server"), takeSocket });
    await using other = await startRawH2({ tls: certificate("other-host") });
    for (const { port } of [server, other]) {
      const settings = http2Settings({ tls: { ca }, createConnection: () => connect(port, "127.0.0.1") });
      const socket = await dial(new URL(`https://${host}`), settings, {}, new AbortController().signal);
      const outcome = once(socket, "secureConnect").then(
        () => "secure",
        ({ code }) => code,
      );
      expect(await outcome).toBe(port === server.port ? "secure" : "ERR_TLS_CERT_ALTNAME_INVALID");
      await until(() => names.length > 0, "no connection");
      socket.destroy();
    }
    expect(names).toEqual([asked]);
  });
}

test("a connection over which TLS cannot begin is closed", async () => {
  const ended = new EventEmitter();
  const closed = once(ended, "close");
  await using server = await startRawH2({
    takeSocket: (socket) => socket.resume().once("close", () => ended.emit("close", "closed")),
  });
  // Node refuses this name when it connects.
  const settings = { ...http2Settings({}), servername: 5 as unknown as string };
  const origin = new URL(server.url.replace("http:", "https:"));
  await expect(dial(origin, settings, {}, new AbortController().signal)).rejects.toThrow(TypeError);
  expect(await Promise.race([closed, pause(2_000, undefined, { ref: false })])).toEqual(["closed"]);
});
