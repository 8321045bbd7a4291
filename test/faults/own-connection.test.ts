import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { Duplex, Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls, TLSSocket } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import { Code, type ConnectionTarget, createAuthClient } from "../../src/node.js";
import { ca, certificate } from "../helpers/certificate.js";
import { startRawH2 } from "../helpers/raw-h2.js";
import { collectStray, until } from "./fault-row.js";
import { listOutcome } from "./fault-table.js";
import { clientFor, overHttp2 } from "./routes.js";

// A connection of the caller's own, as through a proxy, must not be worse than one of ours.

for (const route of overHttp2) {
  describe(`createConnection, ${route}`, () => {
    test("a connection to an http: origin is used as it is", async () => {
      await using server = await startRawH2();
      const asked: unknown[] = [];
      const createConnection = ({ host, port, signal }: ConnectionTarget) => {
        asked.push([host, port, signal.aborted]);
        return connect(server.port, "127.0.0.1");
      };
      for (const baseUrl of ["http://a.localhost:8080/x", "http://[::1]", "https://zitadel.example"]) {
        await using client = clientFor(route, { baseUrl, http2: { createConnection }, retry: false });
        await client.listMyRefreshTokens({}).catch(() => {});
      }
      expect(asked).toEqual([
        ["a.localhost", 8080, false],
        ["::1", 80, false],
        ["zitadel.example", 443, false],
      ]);
      expect(server.requests.map((headers) => headers[":authority"])).toEqual(["a.localhost:8080", "[::1]"]);
    });

    test("a connection to an https: origin gets TLS", async () => {
      await using server = await startRawH2({ tls: certificate("server") });
      const createConnection = () => connect(server.port, "127.0.0.1");
      const http2 = { createConnection, tls: { ca } };
      await using client = clientFor(route, { baseUrl: "https://localhost:1", http2 });
      await listOutcome(client, { code: "ok" });
    });

    test("nothing is sent to whoever does not have the certificate of an https: origin", async () => {
      await using plain = await startRawH2();
      await using other = await startRawH2({ tls: certificate("other-host") });
      for (const [server, reason] of [
        [plain, "tls"],
        [other, "tls-hostname"],
      ] as const) {
        const createConnection = () => connect(server.port, "127.0.0.1");
        const http2 = { createConnection, tls: { ca } };
        await using client = clientFor(route, { baseUrl: "https://localhost:1", http2 });
        await listOutcome(client, { code: Code.Unavailable, reason, attempts: 1 });
        expect(server.requests).toHaveLength(0);
      }
    });

    test("a TLS connection is used as it is", async () => {
      await using server = await startRawH2({ tls: certificate("server") });
      const sockets: TLSSocket[] = [];
      const createConnection = () => {
        const socket = connectTls({ port: server.port, host: "127.0.0.1", ca, ALPNProtocols: ["h2"] });
        sockets.push(socket);
        return socket;
      };
      await using client = clientFor(route, { baseUrl: "https://localhost:1", http2: { createConnection } });
      await listOutcome(client, { code: "ok" });
      expect(sockets).toHaveLength(1);
    });

    for (const baseUrl of ["http://localhost:1", "https://localhost:1"]) {
      test(`a socket file that is missing is told so, ${new URL(baseUrl).protocol}`, async () => {
        const createConnection = () => connect("/nowhere/zitadel.sock");
        await using client = clientFor(route, { baseUrl, http2: { createConnection } });
        await listOutcome(client, {
          code: Code.Unavailable,
          reason: "connect-refused",
          attempts: 4,
          message: /^\[unavailable\] there is no socket file \/nowhere\/zitadel\.sock$/,
        });
      });
    }

    for (const [what, baseUrl] of [
      ["http:", "http://localhost:1"],
      ["https:", "https://localhost:1"],
    ] as const) {
      test(`a tunnel that fails says why, ${what}`, async () => {
        const refusal = new Error("the proxy answered 407");
        const createConnection = () => {
          const tunnel = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
          setTimeout(() => tunnel.destroy(refusal), 5);
          return tunnel;
        };
        await using client = clientFor(route, { baseUrl, http2: { createConnection } });
        const { error } = await listOutcome(client, { code: Code.Unavailable, reason: "connection-lost", attempts: 4 });
        expect(error?.cause).toEqual(refusal);
      });

      test(`what is no connection is not used, nor is another made, ${what}`, async () => {
        for (const createConnection of [
          () => undefined as unknown as Duplex,
          async () => ({}),
          () => Promise.reject(new Error("no proxy")),
          () => {
            throw new Error("no proxy");
          },
        ]) {
          await using client = clientFor(route, { baseUrl, http2: { createConnection } });
          const { error } = await listOutcome(client, {
            code: Code.Unavailable,
            attempts: 1,
            message: /createConnection failed: (?:it must return a Duplex|no proxy)/,
          });
          expect(String(error?.cause)).toMatch(/must return a Duplex|no proxy/);
        }
      });
    }
  });
}

for (const route of overHttp2) {
  describe(`a createConnection that returns a promise, ${route}`, () => {
    test("is awaited, to an http: and to an https: origin", async () => {
      await using plain = await startRawH2();
      await using secure = await startRawH2({ tls: certificate("server") });
      for (const server of [plain, secure]) {
        const createConnection = async () => {
          const socket = connect(server.port, "127.0.0.1");
          await once(socket, "connect");
          await pause(20);
          return socket;
        };
        const baseUrl = `${server === secure ? "https" : "http"}://localhost:1`;
        await using client = clientFor(route, { baseUrl, http2: { createConnection, tls: { ca } } });
        await listOutcome(client, { code: "ok" });
        expect(server.connections).toHaveLength(1);
      }
    });

    test("and is rejected says why", async () => {
      const refusal = new Error("the proxy answered 407");
      const createConnection = () => Promise.reject(refusal);
      await using client = clientFor(route, { baseUrl: "https://localhost:1", http2: { createConnection } });
      const { error } = await listOutcome(client, {
        code: Code.Unavailable,
        attempts: 1,
        message: /^\[unavailable\] http2\.createConnection failed: the proxy answered 407$/,
      });
      expect(error?.cause).toEqual(refusal);
    });

    for (const how of ["connectTimeoutMs passes", "the client is closed"]) {
      test(`is told by its signal that ${how}`, async () => {
        const signals: AbortSignal[] = [];
        const createConnection = ({ signal }: ConnectionTarget) => {
          signals.push(signal);
          return new Promise<object>(() => {});
        };
        const connectTimeoutMs = how.startsWith("connect") ? 50 : 10_000;
        const http2 = { createConnection, connectTimeoutMs };
        const client = clientFor(route, { baseUrl: "https://localhost:1", http2, retry: false });
        const call = client.listMyRefreshTokens({}).catch(() => {});
        expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
        if (connectTimeoutMs > 50) await client.close();
        await call;
        expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
        await client.close();
      });
    }

    test("that comes too late is destroyed", async () => {
      await using server = await startRawH2();
      const late: Socket[] = [];
      const createConnection = async ({ signal }: ConnectionTarget) => {
        await once(signal, "abort");
        const socket = connect(server.port, "127.0.0.1");
        late.push(socket);
        return socket;
      };
      const http2 = { createConnection, connectTimeoutMs: 50 };
      const client = clientFor(route, { baseUrl: "http://localhost:1", http2, retry: false });
      for (let call = 0; call < 5; call++) {
        await listOutcome(client, { code: Code.Unavailable, reason: "connect-timeout" });
      }
      const last = client.listMyRefreshTokens({}).catch(() => {});
      await client.close();
      await last;
      await until(() => late.length >= 5 && late.every(({ destroyed }) => destroyed), "a late connection is open");
      await pause(200);
      expect(late.every(({ destroyed }) => destroyed)).toBe(true);
    });
  });
}

const failed = () => Object.assign(new Error("the tunnel broke"), { code: "ECONNRESET" });
const silent = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });

/** Everything that a `createConnection` may hand in dead, or dying. */
const dead: Record<string, () => unknown> = {
  "destroyed with an error": () => silent().destroy(failed()),
  "destroyed with an error, by a promise": async () => silent().destroy(failed()),
  "that fails a little later": () => {
    const stream = silent();
    setTimeout(() => stream.destroy(failed()), 20);
    return stream;
  },
  "that fails twice": () => {
    const stream = silent();
    setTimeout(() => stream.emit("error", failed()) && stream.destroy(failed()), 20);
    return stream;
  },
  "that ends, and fails long after": () => {
    const stream = silent();
    stream.push(null);
    setTimeout(() => stream.emit("error", failed()), 100);
    return stream;
  },
  "that had ended before": async () => {
    const stream = silent();
    stream.push(null);
    await once(stream.resume(), "end");
    return stream;
  },
  "that cannot be written to any more": () => silent().end(),
  "whose writes fail": () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(failed()) }),
  "that hands out strings": () => {
    const stream = silent().setEncoding("utf8");
    setTimeout(() => stream.push("SSH-2.0\r\n"), 20);
    return stream;
  },
  "a TLS connection that failed": () => connectTls({ port: 1, host: "127.0.0.1" }).destroy(failed()),
  "a TLS connection that nobody takes": () => connectTls({ port: 1, host: "127.0.0.1" }),
  "a socket that nobody takes": () => connect(1, "127.0.0.1"),
  "a socket that failed before": async () => {
    const socket = connect(1, "127.0.0.1");
    await new Promise((resolve) => socket.once("error", resolve));
    return socket;
  },
  "no stream to write to, destroyed with an error": () => new Readable({ read() {} }).destroy(failed()),
  "no stream at all, which fails": () => {
    const emitter = new EventEmitter();
    setTimeout(() => emitter.emit("error", failed()), 20);
    return emitter;
  },
  "destroyed with an error, after connectTimeoutMs": async () => {
    await pause(250);
    return silent().destroy(failed());
  },
};

for (const [what, make] of Object.entries(dead)) {
  test(`what createConnection hands in may be dead, ${what}: the call fails, and nothing else`, async () => {
    const stray = collectStray();
    for (const baseUrl of ["http://localhost:1", "https://localhost:1"]) {
      const http2 = { createConnection: make as () => object, connectTimeoutMs: what.endsWith("Ms") ? 200 : 30_000 };
      await using client = clientFor("grpc", { baseUrl, http2, retry: false });
      await listOutcome(client, { code: Code.Unavailable });
    }
    await pause(150);
    stray.stop();
    expect(stray.seen).toEqual([]);
  });
}

test("authorities that are no certificates in PEM are a mistake at creation", () => {
  const pem = String(ca);
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const base64 = der.toString("base64");
  for (const bad of [
    "/etc/ssl/ca.pem",
    "",
    [],
    pem.replaceAll("\n", "\\n"),
    der,
    base64,
    [pem, "no"],
    pem.slice(0, 200),
  ]) {
    const create = () => createAuthClient({ baseUrl: "https://localhost", http2: { tls: { ca: bad } } });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(/http2\.tls\.ca is no certificate in PEM/);
  }
  for (const good of [pem, Buffer.from(pem), [pem, Buffer.from(pem)], `# a comment\n${pem}${pem}`]) {
    createAuthClient({ baseUrl: "https://localhost", http2: { tls: { ca: good } } });
  }
});

test("certificates and keys that cannot be used are a mistake at creation", () => {
  const good = certificate("server");
  for (const tls of [
    { cert: "not a certificate", key: good.key },
    { cert: good.cert, key: "not a key" },
    { cert: certificate("expired").cert, key: good.key },
  ]) {
    expect(() => createAuthClient({ baseUrl: "https://localhost", http2: { tls } })).toThrow(TypeError);
  }
});

test("a client's certificate is shown to the server", async () => {
  let subject: unknown;
  await using server = await startRawH2({
    tls: { ...certificate("server"), ca, requestCert: true },
    onRequest(one) {
      const { socket } = one.connection;
      subject = socket instanceof TLSSocket && socket.authorized && socket.getPeerCertificate().subject.CN;
      one.ok();
    },
  });
  const http2 = { tls: { ca, ...certificate("server") } };
  await using client = clientFor("grpc", { baseUrl: server.url, http2 });
  await listOutcome(client, { code: "ok" });
  expect(subject).toBe("localhost");
});
