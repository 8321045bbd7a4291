import { describe, expect, test } from "@jest/globals";
import { createAuthClient, grpc, grpcWeb, rest } from "../../src/node.js";
import { resolveAsEver, resolveTo } from "../helpers/resolve-to.js";
import { canaryToken } from "./canary.js";
import { listOutcome } from "./fault-table.js";
import { clientFor, everyRoute, startRaw } from "./routes.js";

// Whoever reads along has the token, so it does not leave this machine without TLS.

const protocols = { grpc, grpcWeb, rest };

const tokenMayTravel = [
  "https://example.com",
  "HTTPS://EXAMPLE.COM",
  "https://127.0.0.1.nip.io",
  "http://localhost",
  "http://LOCALHOST:8080/",
  "HTTP://localhost",
  "http://a.b.localhost:8080",
  "http://127.0.0.1",
  "http://127.255.0.7:1",
  "http://[::1]:8080",
  // Other ways to write 127.0.0.1, which is what a client connects to.
  "http://2130706433",
  "http://127.0.0.1.",
  "http://0x7f.1",
];

const tokenMustNotTravel = [
  "http://example.com",
  "HTTP://EXAMPLE.COM",
  "http:\\\\example.com",
  "http:example.com",
  "http://localhost.evil.com",
  "http://evil-localhost",
  "http://evillocalhost",
  "http://127.0.0.1.nip.io",
  "http://1270.0.0.1.example",
  "http://[::ffff:7f00:1]",
  "http://[::]",
  "http://0.0.0.0",
  "http://10.0.0.1",
  "http://192.168.1.1",
];

for (const [name, protocol] of Object.entries(protocols)) {
  describe(`a token and a cleartext URL, ${name}`, () => {
    for (const baseUrl of tokenMayTravel) {
      test(`${baseUrl} is allowed`, () => {
        createAuthClient({ baseUrl, token: canaryToken, protocol }).close();
      });
    }

    for (const baseUrl of tokenMustNotTravel) {
      test(`${baseUrl} is refused`, () => {
        for (const token of [canaryToken, () => canaryToken]) {
          const message = thrownBy(() => createAuthClient({ baseUrl, token, protocol }));
          expect(message).toMatch(/allowInsecure/);
          expect(message).not.toContain(canaryToken);
        }
        // As from a configuration file.
        for (const allowInsecure of ["false", "true", 1, {}] as unknown as boolean[]) {
          expect(() => createAuthClient({ baseUrl, token: canaryToken, protocol, allowInsecure })).toThrow(TypeError);
        }
        createAuthClient({ baseUrl, token: canaryToken, protocol, allowInsecure: true }).close();
        createAuthClient({ baseUrl, protocol }).close();
      });
    }

    for (const baseUrl of [
      `https://${canaryToken}@example.com`,
      `https://user:${canaryToken}@example.com`,
      `https://:${canaryToken}@example.com`,
      `http://127.0.0.1@example.com`,
      `https://example.com?access_token=${canaryToken}`,
      "https://example.com?",
      `https://example.com#${canaryToken}`,
      "https://example.com#",
      `ftp://${canaryToken}.example.com`,
      `not a URL ${canaryToken}`,
      "",
    ]) {
      test(`"${baseUrl.replace(canaryToken, "SECRET")}" is no base URL`, () => {
        const message = thrownBy(() => createAuthClient({ baseUrl, token: canaryToken, protocol }));
        expect(message).toMatch(/baseUrl/);
        expect(message).not.toContain(canaryToken);
      });
    }
  });
}

for (const route of everyRoute) {
  test(`a name under localhost is this machine, whatever a resolver says, ${route}`, async () => {
    await using server = await startRaw(route, {});
    resolveTo("192.0.2.1"); // TEST-NET-1 of RFC 5737
    try {
      for (const name of ["localhost", "zitadel.localhost", "A.B.LocalHost"]) {
        await using client = clientFor(route, { baseUrl: `http://${name}:${server.port}` });
        await listOutcome(client, { code: "ok" });
      }
    } finally {
      resolveAsEver();
    }
  });
}

// Node's fetch asks the resolver; a browser does not.
for (const [where, location, refused] of [
  ["in a program", undefined, true],
  ["on a page", { origin: "http://app.localhost", href: "http://app.localhost/" }, false],
] as const) {
  test(`over fetch a name under localhost is ${refused ? "no" : "this"} machine ${where}`, () => {
    Object.defineProperty(globalThis, "location", { value: location, configurable: true });
    try {
      const options = { token: canaryToken, protocol: grpcWeb, fetch };
      const create = () => createAuthClient({ ...options, baseUrl: "http://zitadel.localhost" });
      if (refused) expect(thrownBy(create)).toMatch(/allowInsecure/);
      else create();
      createAuthClient({ ...options, baseUrl: "http://localhost" });
    } finally {
      Reflect.deleteProperty(globalThis, "location");
    }
  });
}

for (const route of everyRoute) {
  test(`an interceptor cannot send the token to another origin, ${route}`, async () => {
    await using server = await startRaw(route, {});
    await using other = await startRaw(route, {});
    await using client = clientFor(route, {
      baseUrl: server.url,
      interceptors: [(next) => (request) => next({ ...request, url: request.url.replace(server.url, other.url) })],
    });
    await expect(client.listMyRefreshTokens({})).rejects.toThrow(TypeError);
    expect(server.connections).toHaveLength(0);
    expect(other.connections).toHaveLength(0);
  });
}

function thrownBy(create: () => unknown): string {
  try {
    create();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error("it was accepted");
}
