import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LocalZitadel, startLocalZitadel } from "../../src/testing.js";
import { startRawH2 } from "../helpers/raw-h2.js";
import { loginOf, startExample } from "./run-example.js";

let zitadel: LocalZitadel;
beforeAll(async () => {
  zitadel = await startLocalZitadel({ users: [{ refreshTokens: [{ clientId: "mine" }] }] });
});
afterAll(() => zitadel.close());

/** A proxy that answers CONNECT like this. It sends its own 200 together with the first bytes of the target. */
async function startProxy(refusal?: string) {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.once("data", (chunk) => {
      const [line = "", ...fields] = chunk.toString().split("\r\n");
      seen.push([line, ...fields.filter((field) => /^proxy-authorization/i.test(field))].join(" | "));
      if (refusal) return void socket.end(`HTTP/1.1 ${refusal}\r\nContent-Length: 0\r\n\r\n`);
      const [host, port] = (/^CONNECT ([\d.]+):(\d+) /.exec(line) ?? []).slice(1);
      const target = connect(Number(port), host).on("error", () => {});
      const established = Buffer.from("HTTP/1.1 200 Connection established\r\n\r\n");
      const begin = (first: Buffer) => {
        socket.write(Buffer.concat([established, first]));
        socket.pipe(target).pipe(socket);
      };
      // Servers that speak first are rare, but some do; others wait for the client.
      const timer = setTimeout(() => {
        target.removeAllListeners("data");
        begin(Buffer.alloc(0));
      }, 100);
      target.once("data", (first: Buffer) => {
        clearTimeout(timer);
        begin(first);
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    seen,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const run = (proxy: string, variables: Record<string, string>) =>
  startExample("http-proxy", { ...variables, HTTPS_PROXY: proxy }).ends();

describe("gRPC through an HTTP proxy", () => {
  test("lists, and tells the proxy who asks", async () => {
    await using proxy = await startProxy();
    const outcome = await run(`http://me:p%40ss@${proxy.address}`, loginOf(zitadel));
    expect(outcome).toEqual({ status: 0, output: "tokens: 1\n" });
    const { host } = new URL(zitadel.url);
    expect(proxy.seen).toEqual([
      `CONNECT ${host} HTTP/1.1 | proxy-authorization: Basic ${Buffer.from("me:p@ss").toString("base64")}`,
    ]);
  });

  test("loses nothing of a server that speaks first", async () => {
    await using server = await startRawH2();
    await using proxy = await startProxy();
    const outcome = await run(`http://${proxy.address}`, { ZITADEL_URL: server.url, ZITADEL_TOKEN: "a-token" });
    expect(outcome).toEqual({ status: 0, output: "tokens: 0\n" });
  });

  for (const [refusal, sentence] of [
    ["407 Proxy Authentication Required", "the proxy wants a name and a password, or others: HTTP 407"],
    ["403 Forbidden", "the proxy refuses a connection to 127.0.0.1:PORT: HTTP 403"],
  ] as const) {
    test(`tells ${refusal} in a sentence of its own`, async () => {
      await using proxy = await startProxy(refusal);
      const { status, output } = await run(`http://${proxy.address}`, loginOf(zitadel));
      expect(status).toBe(1);
      expect(output.replace(/1:\d+/, "1:PORT")).toBe(`failed after 1: ${sentence}\n`);
      expect(proxy.seen).toHaveLength(1);
    });
  }

  test("ends with the call where the proxy does not answer", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { status, output } = await run(`http://127.0.0.1:${port}`, loginOf(zitadel));
    server.close();
    expect(status).toBe(1);
    expect(output).toMatch(/^failed after 1: .*connectTimeoutMs/);
  });

  test("tells a proxy that cannot be reached", async () => {
    const { status, output } = await run("http://127.0.0.1:1", loginOf(zitadel));
    expect(status).toBe(1);
    expect(output).toMatch(/^failed after \d: the proxy cannot be reached: .*ECONNREFUSED/);
  });
});
