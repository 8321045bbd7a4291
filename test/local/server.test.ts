import { once } from "node:events";
import { connect } from "node:http2";
import { createConnection } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { LocalZitadel } from "../../src/testing.js";
import { ca, certificate } from "../helpers/certificate.js";
import { collectGarbage } from "../helpers/collect-garbage.js";
import { grpcJs, list } from "./grpc-js-client.js";
import { start } from "./start-local.js";
import { sendHttp1 } from "./wire-request.js";

const searchPath = "/auth/v1/users/me/tokens/refresh/_search";
const rpcPath = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) {
    close();
  }
});

/** A raw connection that has said something and reads nothing. */
function say(zitadel: LocalZitadel, text: string | Uint8Array) {
  const socket = createConnection(Number(new URL(zitadel.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(text);
  closers.push(() => socket.destroy());
  return socket;
}

async function expectAnswers(zitadel: LocalZitadel): Promise<void> {
  const [user] = zitadel.users;
  expect((await list(grpcJs(zitadel.url), user.token)).result).toHaveLength(6);
  const headers = [["authorization", `Bearer ${user.token}`]] as const;
  expect((await sendHttp1(zitadel.url, { method: "POST", path: searchPath, headers })).status).toBe(200);
}

describe("many calls", () => {
  test("1,000 at once over gRPC on one connection", async () => {
    const zitadel = await start();
    const client = grpcJs(zitadel.url);
    const calls = Array.from({ length: 1000 }, () => list(client, zitadel.users[0].token));
    const lengths = (await Promise.all(calls)).map(({ result }) => result.length);
    expect(lengths).toEqual(Array.from({ length: 1000 }, () => 6));
    expect(new Set(zitadel.requests.map(({ connection }) => connection)).size).toBe(1);
  }, 60_000);

  test("1,000 at once over REST and gRPC-Web", async () => {
    const zitadel = await start();
    const authorization = `Bearer ${zitadel.users[0].token}`;
    const rest = { path: searchPath, headers: { authorization }, body: "{}" };
    const web = {
      path: rpcPath,
      headers: { authorization, "content-type": "application/grpc-web+proto" },
      body: new Uint8Array(5),
    };
    const calls = Array.from({ length: 500 }, () => [rest, web]).flat();
    const statuses = calls.map(async ({ path, headers, body }) => {
      const response = await fetch(zitadel.url + path, { method: "POST", headers, body });
      return { status: response.status, hasBody: (await response.arrayBuffer()).byteLength > 1000 };
    });
    expect(await Promise.all(statuses)).toEqual(Array.from({ length: 1000 }, () => ({ status: 200, hasBody: true })));
  }, 60_000);

  test("the log of requests keeps the last 1000", async () => {
    const zitadel = await start();
    for (let i = 0; i < 1005; i++) {
      await fetch(`${zitadel.url}/debug/healthz?${i}`);
    }
    expect(zitadel.requests).toHaveLength(1000);
    expect(zitadel.requests[0]?.path).toBe("/debug/healthz?5");
  }, 60_000);
});

describe("a bad neighbour does not stop the others:", () => {
  const stalls: Record<string, string | Uint8Array> = {
    "silence after the first letter": "P",
    "half of the HTTP/2 preface": "PRI * HT",
    "half a request": `POST ${searchPath} HTTP/1.1\r\nHost: loc`,
    "half a body": `POST ${searchPath} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{`,
    garbage: Buffer.from([0x16, 3, 1, 0, 200, 1, 0]),
  };
  for (const [name, text] of Object.entries(stalls)) {
    test(name, async () => {
      const zitadel = await start();
      for (let i = 0; i < 20; i++) {
        say(zitadel, text);
      }
      await expectAnswers(zitadel);
    });
  }

  test("streams that never finish their request, as many as the server takes", async () => {
    const zitadel = await start();
    const session = connect(zitadel.url);
    session.on("error", () => {});
    closers.push(() => session.destroy());
    for (let i = 0; i < 250; i++) {
      const stream = session.request({ ":method": "POST", ":path": rpcPath, "content-type": "application/grpc" });
      stream.on("error", () => {});
      stream.write(Buffer.from([0, 0]));
    }
    await expectAnswers(zitadel);
  });

  test("a body without end, of which nothing is kept", async () => {
    const zitadel = await start();
    const socket = say(zitadel, `POST ${searchPath} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (let sent = 0; sent < 64; sent += 1) {
      for (let i = 0; i < 16; i++) {
        socket.write(chunk);
      }
      if (socket.writableNeedDrain) await once(socket, "drain");
    }
    await expectAnswers(zitadel);
    collectGarbage();
    // 64 MiB were sent; the server's limit is 4.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
  }, 60_000);

  test("a message that announces 4 GiB", async () => {
    const zitadel = await start();
    const headers = [["content-type", "application/grpc-web"]] as const;
    const body = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
    const answer = await sendHttp1(zitadel.url, { method: "POST", path: rpcPath, headers, body });
    const message = "grpc: received message larger than max (4294967295 vs. 4194304)";
    expect(answer.headers).toContainEqual(["grpc-message", message]);
    await expectAnswers(zitadel);
  });
});

test("one TLS port serves HTTP/2 and HTTP/1.1, beside the cleartext one", async () => {
  const zitadel = await start({ tls: certificate("server") });
  await expectAnswers(zitadel);
  const session = connect(zitadel.tlsUrl ?? "", { ca });
  const stream = session.request({ ":path": "/debug/healthz" });
  const [{ ":status": status }] = await once(stream, "response");
  stream.resume();
  expect({ status, alpn: session.alpnProtocol }).toEqual({ status: 200, alpn: "h2" });
  session.destroy();
  const socket = connectTls({ port: Number(new URL(zitadel.tlsUrl ?? "").port), ca });
  socket.write("GET /debug/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s);
  socket.destroy();
});

test("several run side by side", async () => {
  const zitadels = await Promise.all([start(), start(), start()]);
  expect(new Set(zitadels.map(({ url }) => url)).size).toBe(3);
  await Promise.all(zitadels.map(expectAnswers));
});
