import { once } from "node:events";
import http from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import { noteOf } from "../../../src/failure.js";
import type { HttpCall, HttpClient, HttpGuard, HttpResponse } from "../../../src/http/http.js";
import type { Http2Options } from "../../../src/http/http2-options.js";
import { createAgent } from "../../../src/http/node/agent.js";
import { createHttp1Client } from "../../../src/http/node/http1.js";
import { http2Settings } from "../../../src/http/node/settings.js";
import { Code, ConnectError, createAuthClient, grpcWeb, rest } from "../../../src/node.js";
import { until } from "../../faults/fault-row.js";
import { listInChild } from "../../faults/list-in-child.js";
import { ca, certificate } from "../../helpers/certificate.js";
import { closedPort } from "../../helpers/closed-port.js";
import { type RawHttp1Exchange, type RawHttp1Options, startRawHttp1 } from "../../helpers/raw-http1.js";

const guard: HttpGuard = { checkHead() {}, checkStart() {}, startBytes: () => 0, maxBodyBytes: 1e6 };

const newCall = (): HttpCall => ({ stopped: undefined, step: "", onStop() {}, offStop() {}, notSent() {} });

function send(client: HttpClient, call = newCall()): Promise<HttpResponse> {
  const request = { method: "POST", path: "/", headers: { "content-type": "application/json" } };
  return client.send({ ...request, body: new Uint8Array(5) }, guard, call);
}

/** A server, and a client of it that is closed with it. */
async function start(options: RawHttp1Options, http: Http2Options = {}) {
  const server = await startRawHttp1(options);
  const client = createHttp1Client(server.url, options.tls ? { tls: { ca }, ...http } : http);
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
    },
  };
}

const answered = { "content-type": "application/json" };

test("of a connection that was closed instead of TLS nothing was sent, so that anything may be sent again", async () => {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = createHttp1Client(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
  try {
    const error: unknown = await send(client).catch((thrown: unknown) => thrown);
    expect(noteOf(error)).toMatchObject({ reason: "connection-lost", repeat: "not-sent" });
  } finally {
    client.close();
    server.close();
  }
});

describe("a connection", () => {
  for (const tls of [undefined, certificate("server")]) {
    const over = tls ? "TLS" : "TCP";

    test(`is used for the next request, over ${over}`, async () => {
      await using pair = await start({ ...(tls && { tls }) });
      for (let time = 0; time < 3; time++) await send(pair.client);
      expect(pair.server.connections).toHaveLength(1);
    });

    test(`on which bytes came that nobody asked for is not used again, over ${over}`, async () => {
      const unasked = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{"a": 1}';
      const onRequest = (one: RawHttp1Exchange) => {
        one.ok();
        if (one.number === 1) setTimeout(() => one.connection.raw(unasked), 20);
      };
      await using pair = await start({ ...(tls && { tls }), onRequest });
      await send(pair.client);
      await pause(60);
      expect(Buffer.from((await send(pair.client)).body).toString()).toBe("{}");
      expect(pair.server.connections).toHaveLength(2);
      await until(() => pair.server.connections[0]?.socket.destroyed === true, "the connection is still open");
    });

    test(`is closed by close(), idle or not, over ${over}`, async () => {
      const onRequest = (one: RawHttp1Exchange) => one.number === 1 && one.ok();
      await using pair = await start({ ...(tls && { tls }), onRequest });
      const calls = [send(pair.client)];
      await calls[0];
      calls.push(send(pair.client), send(pair.client));
      for (const call of calls) call.catch(() => {});
      await until(() => pair.server.requests.length === 3, "the requests did not arrive");
      pair.client.close();
      const { connections } = pair.server;
      await until(() => connections.every(({ socket }) => socket.destroyed), "a connection is still open");
    });
  }

  for (const [hint, connections] of [
    ["timeout=1", 2],
    ["timeout=60, max=100", 1],
  ] as const) {
    test(`is kept as long as the server says: ${hint}`, async () => {
      await using pair = await start({ onRequest: (one) => one.respond(200, { "keep-alive": hint }) });
      await send(pair.client);
      await pause(20);
      await send(pair.client);
      expect(pair.server.connections).toHaveLength(connections);
    });
  }

  test("is closed a second before the server would do so", async () => {
    await using pair = await start({ onRequest: (one) => one.respond(200, { "keep-alive": "timeout=2" }) });
    await send(pair.client);
    const [connection] = pair.server.connections;
    await until(() => connection?.socket.destroyed === true, "the connection is still open", 3500);
  });

  test("speaks HTTP/1.1 alone by ALPN, and resumes its TLS session", async () => {
    const seen: unknown[] = [];
    const tls = { ...certificate("server"), ALPNProtocols: ["h2", "http/1.1"] };
    const onRequest = (one: RawHttp1Exchange) => {
      const { socket } = one.connection;
      seen.push(socket instanceof TLSSocket && [socket.alpnProtocol, socket.isSessionReused()]);
      one.respond(200, { connection: "close" });
    };
    await using pair = await start({ tls, onRequest });
    await send(pair.client);
    await pause(20);
    await send(pair.client);
    expect(seen).toEqual([
      ["http/1.1", false],
      ["http/1.1", true],
    ]);
  });
});

describe("dialling", () => {
  /** A server whose TLS handshakes take that long. */
  async function slowTls(ms: number) {
    const pair = await start({ tls: certificate("server") });
    const sockets: Socket[] = [];
    const front = createServer((socket) => {
      sockets.push(socket.on("error", () => {}));
      const received: Buffer[] = [];
      socket.on("data", (bytes) => received.push(bytes));
      const begin = () => {
        if (socket.destroyed) return;
        const upstream = connect(pair.server.port, "127.0.0.1").on("error", () => {});
        socket.removeAllListeners("data");
        upstream.write(Buffer.concat(received));
        socket.pipe(upstream).pipe(socket);
      };
      setTimeout(begin, ms).unref();
    }).listen(0, "127.0.0.1");
    await once(front, "listening");
    const { port } = front.address() as { port: number };
    return {
      sockets,
      accepted: () => pair.server.connections.length,
      url: `https://127.0.0.1:${port}`,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy();
        front.close();
        await pair[Symbol.asyncDispose]();
      },
    };
  }

  test("takes at most connectTimeoutMs, and is not tried again then", async () => {
    await using slow = await slowTls(60_000);
    const client = createHttp1Client(slow.url, { connectTimeoutMs: 100 });
    const error = await send(client).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: Code.Unavailable, message: expect.stringMatching(/connectTimeoutMs \(100\)/) });
    expect(noteOf(error)).toMatchObject({ reason: "connect-timeout", repeat: "never" });
    await until(() => slow.sockets.every((socket) => socket.destroyed), "the connection is still open");
  });

  /** Sends, and stops the call after so long, as its deadline does. */
  async function sendFor(client: HttpClient, ms: number): Promise<boolean> {
    const stops = new Set<() => void>();
    const call = {
      ...newCall(),
      onStop: (stop: () => void) => stops.add(stop),
      offStop: (stop: () => void) => stops.delete(stop),
    };
    const timer = setTimeout(() => {
      Object.assign(call, { stopped: new ConnectError("over") });
      for (const stop of [...stops]) stop();
    }, ms);
    const isAnswered = await send(client, call).then(
      () => true,
      () => false,
    );
    clearTimeout(timer);
    return isAnswered;
  }

  test("goes on when its call is over, for a later one", async () => {
    await using slow = await slowTls(300);
    const client = createHttp1Client(slow.url, { tls: { ca } });
    const answered: boolean[] = [];
    // None of them has the time for a dial of its own.
    while (answered.length < 20 && !answered.at(-1)) answered.push(await sendFor(client, 100));
    expect(answered.at(-1)).toBe(true);
    expect(await sendFor(client, 100)).toBe(true);
    client.close();
    await until(() => slow.sockets.every((socket) => socket.destroyed), "a connection is still open");
  });

  test("goes on for one call at a time", async () => {
    await using slow = await slowTls(60_000);
    const client = createHttp1Client(slow.url, {});
    await Promise.all([1, 2, 3].map(() => sendFor(client, 100)));
    await until(() => slow.sockets.filter((socket) => !socket.destroyed).length === 1, "three go on, or none");
    client.close();
  });

  test("does not keep the process when its call is over", async () => {
    await using slow = await slowTls(60_000);
    const options = { timeoutMs: 200 };
    const ended = listInChild({ baseUrl: slow.url, routes: ["rest"], options });
    // The dial itself takes 5 s at most.
    const outcomes = await Promise.race([ended, pause(4_000, undefined, { ref: false })]);
    expect(outcomes).toMatchObject([{ code: Code.DeadlineExceeded }]);
  });

  test("leaves a connection that close() closes", async () => {
    await using slow = await slowTls(300);
    const client = createHttp1Client(slow.url, { tls: { ca } });
    await sendFor(client, 100);
    await until(() => slow.accepted() === 1, "the dial did not go on");
    client.close();
    await until(() => slow.sockets.every((socket) => socket.destroyed), "the connection is still open");
  });

  test("ends with close()", async () => {
    await using slow = await slowTls(60_000);
    const client = createHttp1Client(slow.url, { connectTimeoutMs: 60_000 });
    const sent = send(client).catch(() => {});
    await until(() => slow.sockets.length === 1, "nothing was dialled");
    client.close();
    await sent;
    await until(() => slow.sockets.every((socket) => socket.destroyed), "the connection is still open");
  });

  test("is told apart from waiting for the answer", async () => {
    await using slow = await slowTls(60_000);
    await using pair = await start({ onRequest: () => {} });
    for (const [client, step] of [
      [createHttp1Client(slow.url, {}), /^connecting to 127\.0\.0\.1:\d+$/],
      [pair.client, /^waiting for the answer$/],
    ] as const) {
      const call = newCall();
      send(client, call).catch(() => {});
      await until(() => slow.sockets.length === 1, "nothing was dialled");
      await pause(50);
      expect(call.step).toMatch(step);
      client.close();
    }
  });

  // Whether a call that must not be made twice is made again depends on it.
  test("that fails has sent nothing, and a request that is lost may have been heard", async () => {
    const closed = createHttp1Client(`http://127.0.0.1:${await closedPort()}`, {});
    await using reset = await start({ tls: certificate("server"), takeSocket: (socket) => socket.destroy() });
    const noTls = createHttp1Client(reset.server.url.replace("localhost", "127.0.0.1"), {});
    await using lost = await start({ onRequest: (one) => one.connection.socket.destroy() });
    await using upgraded = await start({
      onRequest: (one) => one.respond(101, { upgrade: "x", connection: "upgrade" }),
    });
    const timedOut = createHttp1Client("http://zitadel.example", {
      createConnection: () =>
        new Duplex({
          read() {},
          write: (_bytes, _encoding, done) => done(Object.assign(new Error(), { code: "ETIMEDOUT" })),
        }),
    });
    for (const [client, reason, repeat] of [
      [timedOut, "connection-lost", "maybe-applied"],
      [closed, "connect-refused", "not-sent"],
      [noTls, "tls-untrusted", "never"],
      [lost.client, "connection-lost", "maybe-applied"],
      [upgraded.client, "connection-lost", "maybe-applied"],
    ] as const) {
      const error = await send(client).catch((thrown: unknown) => thrown);
      expect(noteOf(error)).toMatchObject({ reason, repeat });
    }
  });
});

describe("an answer", () => {
  test("may begin with interim ones that nobody asked for", async () => {
    const onRequest = (one: RawHttp1Exchange) => {
      one.connection.raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
      one.ok();
    };
    await using pair = await start({ onRequest });
    expect((await send(pair.client)).status).toBe(200);
    expect((await send(pair.client)).status).toBe(200);
    expect(pair.server.connections).toHaveLength(1);
  });

  test("has the fields that were sent twice once, as fetch and HTTP/2 have them", async () => {
    const onRequest = (one: RawHttp1Exchange) =>
      one.connection.raw(
        "HTTP/1.1 200 OK\r\nretry-after: 1\r\nRetry-After: 2\r\nx-a: b\r\nx-a: c\r\ncontent-length: 0\r\n\r\n",
      );
    await using pair = await start({ onRequest });
    const { headers } = await send(pair.client);
    expect([headers.get("retry-after"), headers.get("x-a"), headers.get("x-b")]).toEqual(["1, 2", "b, c", null]);
  });

  test("with a content-encoding, which nobody asked for, is told so", async () => {
    await using pair = await start({ onRequest: (one) => one.respond(200, { ...answered, "content-encoding": "br" }) });
    const error = await send(pair.client).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: Code.Internal, message: expect.stringMatching(/content-encoding br/) });
    expect(noteOf(error)).toMatchObject({ reason: "decompress", httpStatus: 200 });
    expect(pair.server.requests[0]).not.toHaveProperty("accept-encoding");
  });

  for (const status of ["000", "099"]) {
    test(`whose status is ${status} is none`, async () => {
      const onRequest = (one: RawHttp1Exchange) =>
        one.connection.raw(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\n\r\n`);
      await using pair = await start({ onRequest });
      const error = await send(pair.client).catch((thrown: unknown) => thrown);
      expect(noteOf(error)).toMatchObject({ reason: "bad-http" });
    });
  }

  test("that is no HTTP is told without its bytes, in which a token may be", async () => {
    await using pair = await start({ onRequest: (one) => one.connection.raw("POST / HTTP/1.1\r\n\r\n") });
    const { cause } = (await send(pair.client).catch((thrown: Error) => thrown)) as Error;
    expect(cause).toMatchObject({ code: expect.stringMatching(/^HPE_/), rawPacket: undefined });
  });

  test("that breaks HTTP is refused, --insecure-http-parser or not", async () => {
    const onRequest = (one: RawHttp1Exchange) => one.respond(200, { ...answered, "x-a": "b\u0001c" }, "{}");
    await using server = await startRawHttp1({ onRequest });
    const outcomes = await listInChild(
      { baseUrl: server.url, routes: ["rest"] },
      { NODE_OPTIONS: "--insecure-http-parser" },
    );
    expect(outcomes).toMatchObject([{ code: Code.Unavailable, reason: "bad-http", attempts: 1, places: [] }]);
  });
});

test("Host has an IPv6 address's brackets, and no port that its scheme has", async () => {
  for (const [origin, host] of [
    ["http://[::1]:8080", "[::1]:8080"],
    ["http://[::1]", "[::1]"],
    ["http://zitadel.example:80", "zitadel.example"],
  ] as const) {
    await using server = await startRawHttp1();
    const client = createHttp1Client(origin, { createConnection: () => connect(server.port, "127.0.0.1") });
    await send(client);
    client.close();
    expect(server.requests[0]?.host).toBe(host);
  }
});

test("a port that fetch refuses is a port like any other", async () => {
  await using server = await startRawHttp1();
  // IRC's.
  const client = createHttp1Client("http://zitadel.example:6667", {
    createConnection: () => connect(server.port, "127.0.0.1"),
  });
  await expect(fetch("http://127.0.0.1:6667")).rejects.toMatchObject({ cause: { message: "bad port" } });
  expect((await send(client)).status).toBe(200);
  client.close();
});

describe("what a program puts in the place of", () => {
  for (const protocol of [grpcWeb, rest]) {
    test(`fetch, as frameworks do, gets no call over ${protocol.name}`, async () => {
      const { fetch } = globalThis;
      globalThis.fetch = () => Promise.reject(new Error("fetch was called"));
      try {
        await using server = await startRawHttp1();
        await using auth = createAuthClient({ baseUrl: server.url, protocol });
        expect((await auth.listMyRefreshTokens({})).result).toEqual([]);
        expect(server.requests).toHaveLength(1);
      } finally {
        globalThis.fetch = fetch;
      }
    });

    test(`http.request, as MSW, nock and tracers do, gets every call over ${protocol.name}`, async () => {
      const { request } = http;
      const paths: unknown[] = [];
      http.request = ((options: http.RequestOptions) => {
        paths.push(options.path);
        return request(options);
      }) as typeof request;
      try {
        await using server = await startRawHttp1();
        await using auth = createAuthClient({ baseUrl: server.url, protocol });
        await auth.listMyRefreshTokens({});
        expect(paths).toEqual(server.requests.map(({ ":path": path }) => path));
        expect(paths).toHaveLength(1);
      } finally {
        http.request = request;
      }
    });
  }

  // As MSW does, which puts a connection of its own over what the agent makes.
  test("a connection that it asks the agent for is there at once", async () => {
    await using server = await startRawHttp1();
    const agent = createAgent(new URL(server.url), http2Settings({}));
    const { createConnection } = agent as unknown as { createConnection(target: object): Socket };
    const socket = createConnection.call(agent, { host: "127.0.0.1", port: server.port });
    await once(socket, "connect");
    socket.destroy();
    agent.close();
  });
});
