import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp1sServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Code } from "../../src/node.js";
import { ca, caFile, certificate } from "../helpers/certificate.js";
import { closedPort } from "../helpers/closed-port.js";
import { startRawH2 } from "../helpers/raw-h2.js";
import { resolveAsEver, resolveTo } from "../helpers/resolve-to.js";
import { startSlowToAccept } from "../helpers/slow-to-accept.js";
import { listOutcome, testFaultRows } from "./fault-table.js";
import { listInChild } from "./list-in-child.js";
import {
  clientFor,
  everyClient,
  everyRoute,
  overFetch,
  overHttp1,
  overHttp2,
  type Route,
  startRaw,
  versionOf,
} from "./routes.js";

describe("connecting", () => {
  for (const route of everyClient) {
    test(`connection refused, ${route}`, async () => {
      const port = await closedPort();
      await using client = clientFor(route, { baseUrl: `http://127.0.0.1:${port}` });
      const message = new RegExp(`127\\.0\\.0\\.1:${port}`);
      await listOutcome(client, { code: Code.Unavailable, reason: "connect-refused", attempts: 4, message });
    });

    test(`DNS failure, ${route}`, async () => {
      await using client = clientFor(route, { baseUrl: "https://no-such.invalid" });
      await listOutcome(client, { code: Code.Unavailable, reason: "dns", attempts: 2, message: /no-such\.invalid/ });
    });
  }

  testFaultRows([
    {
      name: "accept, FIN at once",
      on: everyClient,
      server: { takeSocket: (socket) => socket.end() },
      expected: { code: Code.Unavailable, reason: "connection-lost", attempts: 4 },
      connections: 4,
    },
    {
      name: "accept, RST at once",
      on: everyClient,
      server: { takeSocket: (socket) => socket.resetAndDestroy() },
      expected: { code: Code.Unavailable, reason: "connection-lost", attempts: 4 },
      connections: 4,
    },
    {
      name: "accept, never speak, until the bound on connecting",
      on: overHttp2,
      server: { takeSocket: keepSilent },
      options: { http2: { connectTimeoutMs: 300 } },
      // Not tried again: with the defaults it has used half of the call's time.
      expected: { code: Code.Unavailable, reason: "connect-timeout", attempts: 1, message: /connectTimeoutMs/ },
      connections: 1,
    },
    {
      name: "accept, never speak, until the deadline",
      on: overHttp2,
      server: { takeSocket: keepSilent },
      options: { timeoutMs: 150 },
      // Nothing was sent.
      expected: { code: Code.DeadlineExceeded, attempts: 0, message: /while connecting to/ },
    },
    {
      name: "accept, never speak, until the deadline",
      on: overHttp1,
      server: { takeSocket: keepSilent },
      options: { timeoutMs: 150 },
      // Without TLS nobody speaks before the request.
      expected: { code: Code.DeadlineExceeded, attempts: 1, message: /while waiting for the answer/ },
    },
    {
      // `fetch` does not say when it has connected, so there is no other bound. Node's dials again as soon as the call
      // is cancelled, and the next call gets that connection, which is silent as well.
      name: "accept, never speak, until the deadline",
      on: overFetch,
      server: { takeSocket: keepSilent },
      options: { timeoutMs: 150 },
      expected: { code: Code.DeadlineExceeded, attempts: 1 },
      heals: false,
    },
    {
      name: "no HTTP at all",
      on: [...overHttp1, ...overFetch],
      server: { takeSocket: speakSsh },
      expected: { code: Code.Unavailable, reason: "bad-http", attempts: 1 },
    },
    {
      name: "no HTTP at all, but our own request",
      on: [...overHttp1, ...overFetch],
      server: { takeSocket: sendBack },
      expected: { code: Code.Unavailable, reason: "bad-http", attempts: 1 },
    },
    {
      // Not a row of its own for HTTP/2: bytes of another protocol instead of SETTINGS.
      name: "no HTTP at all",
      on: overHttp2,
      server: { takeSocket: speakSsh },
      expected: { code: Code.Unavailable, reason: "not-h2", attempts: 1 },
    },
  ]);

  for (const route of everyRoute) {
    test(`the TLS handshake stalls, ${route}`, async () => {
      await using server = await listen(createTcpServer(keepSilent));
      await using client = clientFor(route, { baseUrl: server.url("https"), timeoutMs: 150 });
      await listOutcome(client, { code: Code.DeadlineExceeded, attempts: 0 });
      await listOutcome(client, { code: Code.DeadlineExceeded, attempts: 0 });
      expect(server.connections).toBe(2);
    });
  }

  for (const route of overHttp2) {
    test(`no TLS to a TLS port, ${route}`, async () => {
      await using server = await startRaw(route, { tls: certificate("server") });
      await using client = clientFor(route, { baseUrl: server.url.replace("https", "http") });
      // Node's TLS server closes without a word, so this looks like a FIN at once and is tried again like it: only a hint is
      // possible, and no `not-h2`.
      await listOutcome(client, { code: Code.Unavailable, reason: "connection-lost", attempts: 4, message: /https:/ });
      expect(server.connections).toHaveLength(0);
    });

    test(`no TLS to a TLS port that answers with an alert, ${route}`, async () => {
      const alert = Buffer.from([21, 3, 1, 0, 2, 2, 70]);
      await using server = await startRaw(route, { takeSocket: (socket) => socket.end(alert) });
      await using client = clientFor(route, { baseUrl: server.url });
      // An alert is proof.
      await listOutcome(client, {
        code: Code.Unavailable,
        reason: "not-h2",
        attempts: 1,
        message: /speaks TLS: use https:/,
      });
    });

    test(`TLS to a port without, ${route}`, async () => {
      await using http1 = await listen(createHttp1Server());
      await using http2 = await startRaw(route, {});
      for (const url of [http1.url("https"), http2.url.replace("http", "https")]) {
        await using client = clientFor(route, { baseUrl: url });
        await listOutcome(client, { code: Code.Unavailable, reason: "tls", attempts: 1, message: /https/ });
      }
    });

    test(`an expired certificate, ${route}`, () => badCertificate("expired", "tls-expired", "CERT_HAS_EXPIRED"));

    test(`a certificate for another host, ${route}`, () =>
      badCertificate("other-host", "tls-hostname", "ERR_TLS_CERT_ALTNAME_INVALID"));

    async function badCertificate(name: "expired" | "other-host", reason: string, cause: string) {
      await using server = await startRaw(route, { tls: certificate(name) });
      await using client = clientFor(route, { baseUrl: server.url, http2: { tls: { ca } } });
      const { error } = await listOutcome(client, { code: Code.Unavailable, reason, attempts: 1 });
      expect(error?.cause).toMatchObject({ code: cause });
      expect(server.requests).toHaveLength(0);
    }

    test(`TLS with HTTP/1.1 only, ${route}`, async () => {
      await using server = await listen(createHttp1sServer(certificate("server")));
      await using client = clientFor(route, { baseUrl: server.url("https"), http2: { tls: { ca } } });
      const expected = { code: Code.Unavailable, reason: "not-h2", attempts: 1, message: /gRPC-Web or REST/ };
      const { error } = await listOutcome(client, expected);
      expect(error?.message).not.toContain("https:");
    });

    test(`a cleartext HTTP/1.1 server, ${route}`, async () => {
      await using server = await listen(createHttp1Server((_, response) => response.end("hello")));
      await using client = clientFor(route, { baseUrl: server.url("http") });
      await listOutcome(client, { code: Code.Unavailable, reason: "not-h2", attempts: 1, message: /gRPC-Web or REST/ });
    });

    for (const [what, die, reason] of [
      ["FIN", (socket) => socket.end(), "connection-lost"],
      ["half a frame and FIN", (socket) => socket.end(Buffer.alloc(5)), "not-h2"],
      ["the end of TCP alone", (socket) => socket.destroy(), "connection-lost"],
      ["bytes of another protocol", (socket) => socket.end("220 smtp.example ESMTP\r\n"), "not-h2"],
    ] as [string, (socket: Socket) => void, string][]) {
      for (const when of ["at once", "10 ms later"]) {
        test(`${what} ${when} after TLS, instead of SETTINGS, is told at once, ${route}`, async () => {
          const takeSocket = (socket: Socket) => {
            socket.on("error", () => {}).resume();
            when === "at once" ? die(socket) : setTimeout(die, 10, socket);
          };
          await using server = await startRaw(route, { tls: certificate("server"), takeSocket });
          const http2 = { connectTimeoutMs: 30_000, tls: { ca } };
          await using client = clientFor(route, { baseUrl: server.url, http2, retry: false });
          await listOutcome(client, { code: Code.Unavailable, reason, attempts: 1 });
        });
      }
    }

    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      for (const [what, tls, expected] of [
        ["missing", {}, { reason: "tls", message: /refused .*client certificate/ }],
        // Node's server checks a certificate after the handshake, and then just closes.
        ["of an unknown authority", certificate("self-signed"), { reason: "connection-lost" }],
        ["expired", certificate("expired"), { reason: "connection-lost" }],
      ] as const) {
        test(`a client certificate that is ${what}, over ${version}, is told at once, ${route}`, async () => {
          const maxVersion = { minVersion: version, maxVersion: version };
          const asked = { ...certificate("server"), ca, requestCert: true, rejectUnauthorized: true, ...maxVersion };
          await using server = await startRaw(route, { tls: asked });
          const http2 = { connectTimeoutMs: 30_000, tls: { ca, ...tls } };
          await using client = clientFor(route, { baseUrl: server.url, http2, timeoutMs: 20_000 });
          await listOutcome(client, { code: Code.Unavailable, ...expected });
          expect(server.requests).toHaveLength(0);
        });
      }
    }

    test(`a dial that is slower than a call goes on for the next one, ${route}`, async () => {
      await using server = await startRawH2({ settings: false });
      let open: boolean[] = [];
      const timer = setInterval(() => {
        open = server.connections.map(({ socket }) => !socket.destroyed);
        for (const connection of server.connections) connection.settings([]);
        clearInterval(timer);
      }, 600);
      await using client = clientFor(route, { baseUrl: server.url, retry: false });
      const outcomes: string[] = [];
      for (let call = 0; call < 6; call++) {
        await client.listMyRefreshTokens({}, { timeoutMs: 200 }).then(
          () => outcomes.push("ok"),
          () => outcomes.push("late"),
        );
      }
      clearInterval(timer);
      expect(outcomes.at(-1)).toBe("ok");
      expect(open[0]).toBe(true);
      expect(open.filter(Boolean).length).toBeLessThanOrEqual(2);
    });

    test(`no SETTINGS, until the bound on connecting, ${route}`, async () => {
      await using server = await startRawH2({ settings: false, onRequest: () => {} });
      const http2 = { connectTimeoutMs: 300 };
      await using client = clientFor(route, { baseUrl: server.url, http2 });
      await listOutcome(client, { code: Code.Unavailable, reason: "connect-timeout", attempts: 1 });
    });

    test(`no SETTINGS, until the deadline, ${route}`, async () => {
      await using server = await startRawH2({ settings: false, onRequest: () => {} });
      await using client = clientFor(route, { baseUrl: server.url, timeoutMs: 150 });
      await listOutcome(client, { code: Code.DeadlineExceeded, attempts: 0 });
      server.options = {};
      await listOutcome(client, { code: "ok" });
      expect(server.connections).toHaveLength(2);
    });
  }

  for (const route of everyClient) {
    for (const name of ["server", "self-signed"] as const) {
      test(`a certificate of an unknown authority (${name}), ${route}`, async () => {
        await using server = await startRaw(route, { tls: certificate(name) });
        await using client = clientFor(route, { baseUrl: server.url });
        const expected = { code: Code.Unavailable, reason: "tls-untrusted", attempts: 1 };
        const { error } = await listOutcome(client, expected);
        const untrusted = /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED_CERT)$/;
        expect(error?.cause).toMatchObject({ code: expect.stringMatching(untrusted) });
        expect(server.requests).toHaveLength(0);
      });
    }
  }

  // What switches off the check of certificates in all of a process does not do so here.
  test("a certificate of an unknown authority and NODE_TLS_REJECT_UNAUTHORIZED=0", async () => {
    for (const routes of [overHttp2, overHttp1]) {
      await using server = await startRaw(routes[0] as Route, { tls: certificate("self-signed") });
      const outcomes = await listInChild({ baseUrl: server.url, routes }, { NODE_TLS_REJECT_UNAUTHORIZED: "0" });
      const expected = { code: Code.Unavailable, reason: "tls-untrusted", attempts: 1, places: [] };
      expect(outcomes).toEqual(routes.map(() => expect.objectContaining(expected)));
      expect(server.requests).toHaveLength(0);
    }
  });

  // Certificate authorities are taken only at the start of the process, so these need one of their own.
  test("over http1 and fetch: an expired certificate, and one for another host", async () => {
    for (const [name, reason, cause] of [
      ["expired", "tls-expired", "CERT_HAS_EXPIRED"],
      ["other-host", "tls-hostname", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ] as const) {
      await using server = await startRaw("rest", { tls: certificate(name) });
      const routes = [...overHttp1, ...overFetch];
      const outcomes = await listInChild({ baseUrl: server.url, routes }, { NODE_EXTRA_CA_CERTS: caFile });
      const expected = { code: Code.Unavailable, reason, attempts: 1, causeCode: cause, places: [] };
      expect(outcomes).toEqual(routes.map(() => expect.objectContaining(expected)));
      expect(server.requests).toHaveLength(0);
    }
  });

  describe("a host with two addresses", () => {
    afterEach(resolveAsEver);
    const twoAddresses = (port: number) => ({ baseUrl: `http://two.example:${port}`, allowInsecure: true });

    for (const [first, address] of [
      ["where the first refuses", "::1"],
      ["where the first does not answer", "192.0.2.1"], // TEST-NET-1 of RFC 5737
    ] as const) {
      for (const route of everyRoute) {
        test(`${first}, ${route}`, async () => {
          await using server = await startRaw(route, {});
          resolveTo(address, "127.0.0.1");
          await using client = clientFor(route, twoAddresses(server.port));
          await listOutcome(client, { code: "ok" });
          expect(server.connections).toHaveLength(1);
        });
      }
    }

    for (const route of everyRoute) {
      test(`where the first takes longer than 250 ms and the second refuses, ${route}`, async () => {
        const slow = await startSlowToAccept(versionOf(route));
        try {
          resolveTo("127.0.0.1", "::1");
          await using client = clientFor(route, {
            ...twoAddresses(slow.port),
            timeoutMs: 10_000,
            retry: false,
          });
          const call = listOutcome(client, { code: "ok", withinMs: 10_000 });
          setTimeout(() => slow.accept(), 500);
          await call;
        } finally {
          slow.end();
        }
      });
    }

    for (const route of everyRoute) {
      test(`that both refuse, ${route}`, async () => {
        const port = await closedPort();
        resolveTo("::1", "127.0.0.1");
        await using client = clientFor(route, twoAddresses(port));
        await listOutcome(client, { code: Code.Unavailable, reason: "connect-refused", attempts: 4 });
      });
    }
  });
});

function keepSilent(socket: Socket): void {
  socket.on("error", () => {});
  socket.resume();
}

function speakSsh(socket: Socket): void {
  socket.on("error", () => {});
  socket.write("SSH-2.0-OpenSSH_9.9\r\n");
}

function sendBack(socket: Socket): void {
  socket.on("error", () => {});
  socket.on("data", (chunk) => socket.write(chunk));
}

async function listen(server: Server) {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: (scheme: string) => `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
