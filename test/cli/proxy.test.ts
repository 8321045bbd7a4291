import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { caFile as ca, certificate } from "../helpers/certificate.js";
import { closedPort } from "../helpers/closed-port.js";
import { runDoctor } from "./doctor/run-doctor.js";
import { runCli } from "./run-cli.js";
import { startLogin } from "./start-login.js";

// A name that nobody has (RFC 6761), so that only what the proxy makes of it leads anywhere.
const host = "localhost.test.invalid";
const credentials = "user:p%40ss-secret";
const expected = `Basic ${Buffer.from("user:p@ss-secret").toString("base64")}`;

const running: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(() => {
  for (const { server, sockets } of running.splice(0)) {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
});

interface StartedProxy {
  readonly port: number;
  /** What it was asked to connect to. */
  readonly asked: string[];
}

/** A proxy for CONNECT that leads every name to this machine, and refuses whom it does not know. */
async function startProxy({ authorization }: { authorization?: string } = {}): Promise<StartedProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => void response.writeHead(405).end());
  server.on("connect", (request, socket: Socket) => {
    if (authorization && request.headers["proxy-authorization"] !== authorization) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n");
      return;
    }
    asked.push(request.url ?? "");
    const upstream = connect(Number(request.url?.split(":").at(-1)), "127.0.0.1");
    upstream.on("connect", () => socket.write("HTTP/1.1 200 Connection established\r\n\r\n"));
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  running.push({ server, sockets });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { port: (server.address() as AddressInfo).port, asked };
}

/** A ZITADEL that only the proxy knows by name, and its URL. */
async function startBehind() {
  const tls = certificate("other-host");
  const { zitadel } = await startLogin({}, { tls, hosts: ["other.example"], approve: true });
  return { zitadel, token: zitadel.users[0].token };
}

describe("HTTPS_PROXY", () => {
  test("is obeyed by login, list with a login, and logout", async () => {
    const { zitadel } = await startBehind();
    const proxy = await startProxy({ authorization: expected });
    const { port } = new URL(zitadel.tlsUrl ?? "");
    const home = mkdtempSync(join(tmpdir(), "proxy-"));
    const env = {
      HTTPS_PROXY: `http://${credentials}@127.0.0.1:${proxy.port}`,
      ZITADEL_URL: `https://other.example:${port}`,
      XDG_CONFIG_HOME: home,
    };
    try {
      for (const args of [["login", "--no-browser", "--client-id", zitadel.clientId], ["list"], ["logout"]]) {
        proxy.asked.length = 0;
        const { status, stdout, stderr } = await runCli([...args, "--ca", ca], { env });
        expect({ args, status, asked: new Set(proxy.asked) }).toEqual({
          args,
          status: 0,
          asked: new Set([`other.example:${port}`]),
        });
        expect(stdout + stderr).not.toContain("secret");
      }
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  for (const protocol of ["grpc", "grpc-web", "rest"]) {
    for (const variable of ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"]) {
      test(`is obeyed by list and doctor over ${protocol}, as ${variable} with a password`, async () => {
        const { zitadel, token } = await startBehind();
        const proxy = await startProxy({ authorization: expected });
        const { port } = new URL(zitadel.tlsUrl ?? "");
        const url = `https://other.example:${port}`;
        const env = { [variable]: `http://${credentials}@127.0.0.1:${proxy.port}` };
        const args = ["--protocol", protocol, "--ca", ca];
        const list = await runCli(["list", "-u", url, "-o", "ids", ...args], { env: { ...env, ZITADEL_TOKEN: token } });
        expect(list).toMatchObject({ status: 0, stderr: "", stdout: expect.stringMatching(/^(\d{18}\n){6}$/) });
        expect(new Set(proxy.asked)).toEqual(new Set([`other.example:${port}`]));
        const report = await runDoctor({ url, token, args, env });
        expect(report.exitCode).toBe(0);
        const notOk = report.checks.filter(({ status }) => status !== "ok").map(({ check }) => check);
        expect(notOk).toEqual(["dns", "cors"]);
        expect(report.checks.find(({ check }) => check === "proxy")?.message).toMatch(
          `the proxy 127.0.0.1:${proxy.port} (${variable}) connects to port ${port} of other.example`,
        );
        expect(list.stderr + report.stdout + report.stderr).not.toContain("secret");
      });
    }
  }

  for (const [name, given, said] of [
    ["no password", "", /wants a name and a password \(HTTP 407\): set HTTPS_PROXY=http:\/\/NAME:PASSWORD@HOST:PORT/],
    ["a wrong one", "user:secret@", /refuses the name and password of HTTPS_PROXY \(HTTP 407\)/],
  ] as const) {
    test(`with ${name} is told as 407`, async () => {
      const { zitadel, token } = await startBehind();
      const proxy = await startProxy({ authorization: expected });
      const url = (zitadel.tlsUrl ?? "").replace("127.0.0.1", "other.example");
      const env = { HTTPS_PROXY: `http://${given}127.0.0.1:${proxy.port}` };
      for (const protocol of ["grpc", "rest"]) {
        const args = ["list", "-u", url, "--ca", ca, "--protocol", protocol];
        const { status, stderr } = await runCli(args, { env: { ...env, ZITADEL_TOKEN: token } });
        expect(status).toBe(1);
        expect(stderr).toMatch(/^error: the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\) [^\n]+\n$/);
        expect(stderr).toMatch(said);
        expect(stderr).not.toContain("secret");
      }
      const { exitCode, checks } = await runDoctor({ url, token, env });
      expect({ exitCode, proxy: checks.find(({ check }) => check === "proxy") }).toMatchObject({
        exitCode: 1,
        proxy: { verdict: "proxy-failed", message: expect.stringContaining("HTTP 407") },
      });
    });
  }

  test("that nobody answers is told by its name", async () => {
    const env = { HTTPS_PROXY: `127.0.0.1:${await closedPort()}`, ZITADEL_TOKEN: "any" };
    const { status, stderr } = await runCli(["list", "-u", `https://${host}`], { env });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^error: the proxy .* \(HTTPS_PROXY\) cannot be reached \(ECONNREFUSED\): correct/),
    });
  });

  for (const value of [
    "socks5://user:secret@127.0.0.1",
    "https://user:secret@127.0.0.1",
    "http://user:secret%zz@127.0.0.1",
    "http://secret proxy",
  ]) {
    test(`that is none (${value}) is wrong usage, and stays unsaid`, async () => {
      const env = { HTTPS_PROXY: value, ZITADEL_TOKEN: "any" };
      for (const command of ["list", "doctor"]) {
        const { status, stderr } = await runCli([command, "-u", `https://${host}`], { env });
        expect({ status, stderr }).toEqual({
          status: 2,
          stderr: expect.stringMatching(/^error: HTTPS_PROXY must be the URL of an HTTP proxy, such as [^\n]+\n$/),
        });
        expect(stderr).not.toContain("secret");
      }
    });
  }
});

test("what a server says first comes through, although it comes with the proxy's answer", async () => {
  const upstreams = createHttp2Server((_request, response) => void response.writeHead(403).end());
  upstreams.listen(0, "127.0.0.1");
  await once(upstreams, "listening");
  const { port } = upstreams.address() as AddressInfo;
  const proxy = createServer();
  const sockets = new Set<Socket>();
  running.push({ server: proxy, sockets });
  proxy.on("connect", (_request, socket: Socket) => {
    const upstream = connect(port, "127.0.0.1");
    for (const each of [socket, upstream]) sockets.add(each.on("error", () => {}));
    // The server's SETTINGS, which it sends at once.
    upstream.once("data", (settings: Buffer) => {
      socket.write(Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), settings]));
      socket.pipe(upstream).pipe(socket);
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const env = { HTTP_PROXY: `127.0.0.1:${(proxy.address() as AddressInfo).port}`, ZITADEL_TOKEN: "any" };
  const { stderr } = await runCli(["list", "-u", `http://${host}`, "--allow-insecure", "--timeout", "3s"], { env });
  upstreams.close();
  expect(stderr).toMatch(/\nhint: something in front of ZITADEL refuses gRPC/);
});

for (const protocol of ["grpc", "grpc-web", "rest"]) {
  test(`a certificate has to be for the address in the URL, and not for the proxy's, over ${protocol}`, async () => {
    const { zitadel, env } = await startLogin({}, { tls: certificate("server") });
    const proxy = await startProxy();
    const url = `https://10.0.0.5:${new URL(zitadel.tlsUrl ?? "").port}`;
    const variables = { ...env, HTTPS_PROXY: `http://localhost:${proxy.port}` };
    const { status, stderr } = await runCli(["list", "-u", url, "--protocol", protocol, "--ca", ca], {
      env: variables,
    });
    expect({ status, asked: proxy.asked.length > 0, requests: zitadel.requests }).toEqual({
      status: 1,
      asked: true,
      requests: [],
    });
    expect(stderr).toContain("is for another name");
  });
}

describe("NO_PROXY", () => {
  for (const [list, direct] of [
    ["test.invalid", true],
    [".test.invalid", true],
    ["*.test.invalid", true],
    ["other.example, TEST.INVALID:443", true],
    ["*", true],
    ["test.invalid:8443", false],
    ["est.invalid", false],
    ["", false],
  ] as const) {
    test(`of "${list}" ${direct ? "holds" : "does not hold"} a name`, async () => {
      const proxy = await startProxy();
      const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: list, ZITADEL_TOKEN: "any" };
      const { stderr } = await runCli(["list", "-u", `https://${host}`, "--timeout", "2s"], { env });
      const outcome = { asked: proxy.asked.length > 0, unknown: stderr.includes("cannot be found") };
      expect(outcome).toEqual({ asked: !direct, unknown: direct });
    });
  }
});

test("this machine needs no proxy, and NODE_USE_ENV_PROXY does not make list and doctor differ", async () => {
  const { zitadel, env } = await startLogin();
  const proxy = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9", NODE_USE_ENV_PROXY: "1" };
  for (const protocol of ["grpc", "grpc-web", "rest"]) {
    const list = await runCli(["list", "--protocol", protocol], { env: { ...env, ...proxy } });
    expect(list).toMatchObject({ status: 0, stderr: "" });
  }
  const report = await runDoctor({ url: zitadel.url, token: zitadel.users[0].token, env: proxy });
  expect(report).toMatchObject({ exitCode: 0, works: true });
});
