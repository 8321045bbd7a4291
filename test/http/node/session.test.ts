import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { createAuthClient, getErrorInfo } from "../../../src/node.js";
import { ca, certificate } from "../../helpers/certificate.js";
import { frameType, okAnswer, startRawH2 } from "../../helpers/raw-h2.js";

const token = "token-of-nobody";

describe("a connection that dies after the server took a request", () => {
  for (const code of ["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"]) {
    test(`of ${code}, is lost, so that the request may have been applied`, async () => {
      let socket: Socket;
      const died = Object.assign(new Error(`read ${code}`), { code, syscall: "read" });
      await using server = await startRawH2({
        onRequest: (one) => (one.number === 2 ? one.status(5, "gone (COMMAND-BHt2w)") : socket.destroy(died)),
      });
      const createConnection = () => {
        socket = connect(server.port, "127.0.0.1");
        return socket;
      };
      await using auth = createAuthClient({ baseUrl: server.url, token, http2: { createConnection } });
      const gone: unknown = await auth.revokeMyRefreshToken({ id: "1" }).catch((thrown: unknown) => thrown);
      expect(getErrorInfo(gone)).toMatchObject({ id: "COMMAND-BHt2w", attempts: 2, maybeApplied: true });
      expect(server.requests).toHaveLength(2);
      await using auth2 = createAuthClient({ baseUrl: server.url, token, http2: { createConnection }, retry: false });
      server.options.onRequest = () => socket.destroy(died);
      const error = await auth2.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
      expect(getErrorInfo(error)).toMatchObject({ reason: "connection-lost", attempts: 1 });
      expect((error as Error).cause).toMatchObject({ message: died.message, code });
    });
  }

  test("of what is no TLS, is lost, and another one is made", async () => {
    let socket: Socket | undefined;
    await using server = await startRawH2({
      tls: certificate("server"),
      onRequest: (one) => (one.number === 1 ? socket?.write("HTTP/1.1 408 Request Timeout\r\n\r\n") : one.ok()),
    });
    await using between = createServer((accepted) => {
      socket = accepted;
      const onward = connect(server.port, "127.0.0.1");
      accepted.pipe(onward).pipe(accepted);
      for (const end of [accepted, onward]) end.on("error", () => {});
    });
    between.listen(0, "127.0.0.1");
    await once(between, "listening");
    const baseUrl = `https://127.0.0.1:${(between.address() as AddressInfo).port}`;
    await using auth = createAuthClient({ baseUrl, token, http2: { tls: { ca } } });
    await auth.listMyRefreshTokens({});
    expect(server.connections).toHaveLength(2);
  });
});

test("a connection outlives a thousand empty DATA frames", async () => {
  await using server = await startRawH2({
    onRequest(one) {
      one.head();
      one.data(okAnswer().body);
      for (let frames = 0; frames < 700; frames++) one.data(new Uint8Array());
      one.trailers();
    },
  });
  await using auth = createAuthClient({ baseUrl: server.url, token, retry: false });
  for (let calls = 0; calls < 3; calls++) await auth.listMyRefreshTokens({});
  expect(server.connections).toHaveLength(1);
});

for (const refusal of [
  Object.assign(new Error("unsupported certificate purpose"), { code: "INVALID_PURPOSE" }),
  new Error("not the key that is pinned"),
]) {
  test(`a certificate that is refused, since ${refusal.message}, is told so at once`, async () => {
    await using server = await startRawH2({ tls: certificate("server") });
    // Node tells its own refusals in the same way.
    const createConnection = () => connectTls({ port: server.port, ca, checkServerIdentity: () => refusal });
    const baseUrl = `https://127.0.0.1:${server.port}`;
    await using auth = createAuthClient({ baseUrl, token, http2: { createConnection } });
    const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
    expect(getErrorInfo(error)).toMatchObject({ reason: "tls", attempts: 1 });
    const { code, message } = refusal as NodeJS.ErrnoException;
    expect((error as Error).message).toMatch(new RegExp(`the certificate of .* is refused \\(${code ?? message}\\)`));
  });
}

test("a process does not end while a call waits for a PING and another one is answered", async () => {
  await using server = await startRawH2({
    onRequest(one) {
      if (one.number !== 2) return one.ok();
      one.connection.ackPing = false;
      setTimeout(() => one.ok(), 250);
      setTimeout(() => one.connection.frame(frameType.ping, 1, 0, Buffer.alloc(8)), 500);
    },
  });
  const program = `
    const { createAuthClient } = await import(process.argv[1]);
    const http2 = { pingIntervalMs: 50 };
    const auth = createAuthClient({ baseUrl: process.argv[2], token: "token-of-nobody", timeoutMs: false, http2 });
    await auth.listMyRefreshTokens({});
    void auth.listMyRefreshTokens({});
    setTimeout(() => auth.listMyRefreshTokens({}).then(() => console.log("answered")), 100);
  `;
  const entry = new URL("../../../src/node.js", import.meta.url).href;
  const child = promisify(execFile)(process.execPath, ["--input-type=module", "-e", program, entry, server.url]);
  expect((await child).stdout).toBe("answered\n");
  expect(server.requests).toHaveLength(3);
});

test("a head in more frames than Node takes is told so, and costs two connections", async () => {
  await using server = await startRawH2({
    onRequest: (one) =>
      one.head(Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`x-${at}`, "v".repeat(10_000)]))),
  });
  await using auth = createAuthClient({ baseUrl: server.url, token });
  const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  expect((error as Error).message).toContain("sent more header fields than Node takes");
  expect(getErrorInfo(error)).toMatchObject({ reason: "bad-http", attempts: 2 });
  expect(server.connections).toHaveLength(2);
});

test("what a server says as it ends a connection is UTF-8", async () => {
  await using server = await startRawH2({ onRequest: (one) => one.connection.goaway(one.id, 2, "Wartung – später") });
  await using auth = createAuthClient({ baseUrl: server.url, token, retry: false });
  const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  expect((error as Error).message).toContain('(GOAWAY 2, "Wartung – später")');
});
