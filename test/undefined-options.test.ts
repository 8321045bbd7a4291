import { Code } from "@connectrpc/connect";
import { expect, test } from "@jest/globals";
import { createAuthClient, grpcWeb, revokeRefreshTokens, viewRefreshTokens } from "../src/node.js";
import { type Fault, startLocalZitadel } from "../src/testing.js";

/** A fault that says of every option, in so many words, that it has none. */
const bare = (fault: { kind: string; code?: Code }) =>
  ({
    method: undefined,
    times: undefined,
    skip: undefined,
    message: undefined,
    id: undefined,
    trailers: undefined,
    afterHeaders: undefined,
    errorCode: undefined,
    afterBytes: undefined,
    status: undefined,
    bytes: undefined,
    ...fault,
  }) as Fault;

test("a polluted prototype sets no option of a call", async () => {
  await using zitadel = await startLocalZitadel();
  await using auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0]?.token, protocol: grpcWeb });
  const prototype = Object.prototype as Record<string, unknown>;
  prototype.timeoutMs = -1;
  try {
    await auth.listMyRefreshTokens({});
    await auth.listMyRefreshTokens({}, {});
  } finally {
    delete prototype.timeoutMs;
  }
});

test("a polluted prototype sets no option of a view or of revoking", async () => {
  await using zitadel = await startLocalZitadel({
    users: [{ refreshTokens: [{ id: "1", idleExpiration: new Date(1) }] }],
  });
  await using auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0]?.token });
  const list = await auth.listMyRefreshTokens({});
  const prototype = Object.prototype as Record<string, unknown>;
  prototype.now = 0;
  prototype.concurrency = -1;
  try {
    expect(viewRefreshTokens(list).tokens[0]?.state).toBe("idle-expired");
    expect((await revokeRefreshTokens(auth, ["1"])).revoked).toEqual(["1"]);
  } finally {
    delete prototype.now;
    delete prototype.concurrency;
  }
});

test("undefined is the default in every option", async () => {
  await using zitadel = await startLocalZitadel({
    users: [
      {
        id: undefined,
        token: undefined,
        resourceOwner: undefined,
        allowedOrigins: undefined,
        refreshTokens: [
          {
            id: undefined,
            clientId: undefined,
            userAgentId: undefined,
            authTime: undefined,
            creationDate: undefined,
            changeDate: undefined,
            idleExpiration: undefined,
            expiration: undefined,
            scopes: undefined,
            audience: undefined,
            sequence: undefined,
            stale: undefined,
          },
        ],
        loginName: undefined,
        displayName: undefined,
        sessions: [
          {
            id: undefined,
            accessToken: undefined,
            creationDate: undefined,
            changeDate: undefined,
            expirationDate: undefined,
            factors: {
              user: undefined,
              password: undefined,
              webAuthN: undefined,
              intent: undefined,
              totp: undefined,
              otpSms: undefined,
              otpEmail: undefined,
            },
            userAgent: { fingerprintId: undefined, ip: undefined, description: undefined, header: undefined },
          },
          { factors: undefined, userAgent: undefined },
        ],
      },
    ],
    faults: undefined,
    lagMs: undefined,
    release: undefined,
    port: undefined,
    tls: undefined,
    address: undefined,
    allowRemote: undefined,
    hosts: undefined,
    now: undefined,
  });
  await using auth = createAuthClient({
    baseUrl: zitadel.url,
    token: zitadel.users[0].token,
    protocol: undefined,
    timeoutMs: undefined,
    retry: {
      maxAttempts: undefined,
      initialBackoffMs: undefined,
      backoffMultiplier: undefined,
      maxBackoffMs: undefined,
    },
    interceptors: undefined,
    onAttempt: undefined,
    maxResponseBytes: undefined,
    fetch: undefined,
    http2: {
      connectTimeoutMs: undefined,
      pingIntervalMs: undefined,
      pingTimeoutMs: undefined,
      idleTimeoutMs: undefined,
      tls: { ca: undefined, cert: undefined, key: undefined, passphrase: undefined, servername: undefined },
      createConnection: undefined,
    },
    allowInsecure: undefined,
  });

  const { tokens } = viewRefreshTokens(await auth.listMyRefreshTokens({}), { now: undefined });
  expect(tokens.map(({ state }) => state)).toEqual(["active"]);
  const ids = tokens.map(({ id }) => id);
  expect(await revokeRefreshTokens(auth, ids, { concurrency: undefined, signal: undefined })).toEqual({
    revoked: ids,
    alreadyGone: [],
    failed: [],
  });
});

for (const [kind, code] of [
  ["reset", Code.Unavailable],
  ["disconnect", Code.Unavailable],
  ["goaway", Code.Unavailable],
  ["refused-stream", Code.Unavailable],
  ["html", Code.Unavailable],
  ["status", Code.NotFound],
  ["truncated", Code.Internal],
] as const) {
  test(`undefined is the default in every option of the fault ${kind}`, async () => {
    await using zitadel = await startLocalZitadel();
    await using auth = createAuthClient({
      baseUrl: zitadel.url,
      token: zitadel.users[0].token,
      protocol: grpcWeb,
      retry: false,
    });
    zitadel.fail(bare({ kind, code }));
    await expect(auth.listMyRefreshTokens({})).rejects.toMatchObject({ code });
    await auth.listMyRefreshTokens({});
  });
}
