import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { type AuthClient, createAuthClient } from "../../../src/node.js";
import { startRawH2 } from "../../helpers/raw-h2.js";

/** A server that never says a word on its first connections. */
function startStalled(stalled: number) {
  return startRawH2({
    settings: false,
    onConnection(connection) {
      const { server } = connection;
      if (server.connections.length <= stalled) return;
      server.options = {};
      connection.settings([]);
    },
  });
}

const works = (client: AuthClient) =>
  client.listMyRefreshTokens({}).then(
    () => true,
    () => false,
  );

for (const stalled of [1, 2, 3]) {
  test(`after ${stalled} connections that stalled, the next is used`, async () => {
    await using server = await startStalled(stalled);
    await using client = createAuthClient({ baseUrl: server.url, timeoutMs: 150, retry: false });
    let answered = false;
    // All of them together take less time than one connection may.
    for (let call = 0; call < 10 && !answered; call++) answered = await works(client);
    expect(answered).toBe(true);
  });
}

test("a connection that began after a call did is not given up for that call", async () => {
  await using server = await startStalled(9);
  await using client = createAuthClient({ baseUrl: server.url, timeoutMs: 300, retry: false });
  const calls: Promise<boolean>[] = [];
  for (let call = 0; call < 40; call++) {
    calls.push(works(client));
    await pause(15);
  }
  expect(await Promise.all(calls)).not.toContain(true);
  // One at the start, and one for each time that a call waited from its start to its end.
  expect(server.connections.length).toBeLessThan(10);
});
