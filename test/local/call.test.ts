import { describe, expect, test } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import type { LocalUser, LocalZitadel, LocalZitadelOptions } from "../../src/testing.js";
import { call, grpcJs } from "./grpc-js-client.js";
import { start } from "./start-local.js";
import { sendHttp1 } from "./wire-request.js";

const { listMyRefreshTokens, revokeMyRefreshToken, revokeAllMyRefreshTokens } = AuthService.method;

/** What a call meets, the same over gRPC and over REST. */
interface Case {
  name: string;
  options?: LocalZitadelOptions;
  headers: (user: LocalUser) => Record<string, string>;
  /** Revokes this id, or all tokens; by default lists. */
  revoke?: string;
  code: number;
  httpStatus: number;
  message: string;
  /** Of ErrorDetail; absent where there is none. */
  id?: string;
  /** Of ErrorDetail, where it is not the message without its id. */
  text?: string;
  /** What REST says, where it is something else. */
  rest?: { code: number; httpStatus: number; message: string };
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const valid = (user: LocalUser): Record<string, string> => bearer(user.token);
const oneUser = { users: [{}] };
const noTokens = { users: [{ refreshTokens: [] }] };
const invalid = { code: 16, httpStatus: 401, message: "Errors.Token.Invalid (AUTH-7fs1e)", id: "AUTH-7fs1e" };
const idLength = "invalid RevokeMyRefreshTokenRequest.Id: value length must be between 1 and 200 runes, inclusive";

const cases: Case[] = [
  { name: "no authorization", headers: () => ({}), code: 16, httpStatus: 401, message: "auth header missing" },
  {
    name: "empty authorization",
    headers: () => ({ authorization: "" }),
    code: 16,
    httpStatus: 401,
    message: "auth header missing",
  },
  ...["Basic dTpw", "bearer lower-case", "Bearer a Bearer b"].map(
    (authorization): Case => ({
      name: `authorization: ${authorization}`,
      headers: () => ({ authorization }),
      code: 16,
      httpStatus: 401,
      message: "invalid auth header (AUTH-toLo1)",
      id: "AUTH-toLo1",
    }),
  ),
  { name: "an unknown token", headers: () => bearer("unknown"), ...invalid },
  { name: "an expired token", headers: ({ tokens }) => bearer(tokens.expired), ...invalid },
  { name: "a token for another audience", headers: ({ tokens }) => bearer(tokens.wrongAudience), ...invalid },
  {
    name: "a token without the second factor",
    headers: ({ tokens }) => bearer(tokens.mfaRequired),
    code: 7,
    httpStatus: 403,
    message: "mfa required (AUTHZ-Kl3p0)",
    id: "AUTHZ-Kl3p0",
  },
  {
    name: "a token of an unchecked session",
    headers: ({ tokens }) => bearer(tokens.notAuthenticated),
    code: 7,
    httpStatus: 403,
    message: "authentication required (AUTHZ-Kl3p0)",
    id: "AUTHZ-Kl3p0",
  },
  {
    name: "an impersonation token",
    headers: ({ tokens }) => bearer(tokens.impersonation),
    code: 7,
    httpStatus: 403,
    message: "Errors.TokenExchange.Token.NotForAPI (APP-wai8O)",
    id: "APP-wai8O",
  },
  {
    name: "an unknown organisation",
    headers: (user) => ({ ...valid(user), "x-zitadel-orgid": "1" }),
    code: 7,
    httpStatus: 403,
    message: "Organisation doesn't exist (AUTH-Bs7Ds)",
    id: "AUTH-Bs7Ds",
  },
  {
    name: "revoking an unknown id",
    headers: valid,
    revoke: "1",
    code: 5,
    httpStatus: 404,
    message: "Refresh Token not found (COMMAND-BHt2w)",
    id: "COMMAND-BHt2w",
  },
  { name: "revoking no id", headers: valid, revoke: "", code: 3, httpStatus: 400, message: idLength },
  {
    name: "revoking an id of 201 runes",
    headers: valid,
    revoke: "x".repeat(201),
    code: 3,
    httpStatus: 400,
    message: idLength,
  },
  {
    name: "revoking an id of 200 runes that are 400 UTF-16 units",
    headers: valid,
    revoke: "𝒙".repeat(200),
    code: 5,
    httpStatus: 404,
    message: "Refresh Token not found (COMMAND-BHt2w)",
    id: "COMMAND-BHt2w",
    rest: {
      code: 13,
      httpStatus: 500,
      message: 'header key "zitadel-activity-path" contains value with non-printable ASCII characters',
    },
  },
  {
    name: "revoking all of none",
    options: noTokens,
    headers: valid,
    revoke: "*",
    code: 3,
    httpStatus: 400,
    message: "ID missing (COMMAND-Gfj42)",
    id: "COMMAND-Gfj42",
  },
  {
    name: "revoking all where one is stale",
    options: { users: [{ refreshTokens: [{}, { stale: true }] }] },
    headers: valid,
    revoke: "*",
    code: 5,
    httpStatus: 404,
    message: "Refresh Token not found (COMMAND-BHt2w)",
    id: "COMMAND-BHt2w",
  },
  {
    name: "no authorization, on 4.11",
    options: { ...oneUser, release: "4.11" },
    headers: () => ({}),
    code: 2,
    httpStatus: 500,
    message: "rpc error: code = Unauthenticated desc = auth header missing ()",
    id: "",
    text: "rpc error: code = Unauthenticated desc = auth header missing",
  },
  {
    name: "revoking no id, on 4.11",
    options: { ...oneUser, release: "4.11" },
    headers: valid,
    revoke: "",
    code: 2,
    httpStatus: 500,
    message: `rpc error: code = InvalidArgument desc = ${idLength} ()`,
    id: "",
    text: `rpc error: code = InvalidArgument desc = ${idLength}`,
  },
  {
    name: "an expired token, on 4.11",
    options: { ...oneUser, release: "4.11" },
    headers: ({ tokens }) => bearer(tokens.expired),
    ...invalid,
  },
];

describe("a call fails as ZITADEL lets it fail", () => {
  for (const { name, options, headers, revoke, code, httpStatus, message, id, text, rest } of cases) {
    const detail = { ...(id && { id }), message: text ?? message.replace(/ \([^)]*\)$/, "") };

    test(`${name}, over gRPC`, async () => {
      const zitadel = await start(options);
      const client = grpcJs(zitadel.url);
      const sent = headers(zitadel.users[0]);
      const answer =
        revoke === undefined
          ? call(client, listMyRefreshTokens, {}, sent)
          : revoke === "*"
            ? call(client, revokeAllMyRefreshTokens, {}, sent)
            : call(client, revokeMyRefreshToken, { id: revoke }, sent);
      const error = await answer.then(
        () => undefined,
        (error) => error,
      );
      expect(error).toMatchObject({ code, details: message });
      const status = error.metadata.get("grpc-status-details-bin")[0]?.toString() ?? "";
      expect(status.includes("zitadel.v1.ErrorDetail")).toBe(id !== undefined);
      expect(status).toContain(id ?? "");
    });

    test(`${name}, over REST`, async () => {
      const zitadel = await start(options);
      const answer = await sendRest(zitadel, revoke, headers(zitadel.users[0]));
      if (rest !== undefined) {
        const { httpStatus, ...body } = rest;
        expect(answer).toEqual({ httpStatus, wwwAuthenticate: undefined, body });
        return;
      }
      expect(answer).toEqual({
        httpStatus,
        wwwAuthenticate: httpStatus === 401 ? message : undefined,
        body: {
          code,
          message,
          ...(id !== undefined && {
            details: [{ "@type": "type.googleapis.com/zitadel.v1.ErrorDetail", ...detail }],
          }),
        },
      });
    });
  }
});

async function sendRest(zitadel: LocalZitadel, revoke: string | undefined, headers: Record<string, string>) {
  const [method, path] =
    revoke === undefined
      ? ["POST", "_search"]
      : revoke === "*"
        ? ["POST", "_revoke_all"]
        : ["DELETE", encodeURIComponent(revoke)];
  const answer = await sendHttp1(zitadel.url, {
    method,
    path: `/auth/v1/users/me/tokens/refresh/${path}`,
    headers: Object.entries(headers),
  });
  return {
    httpStatus: answer.status,
    wwwAuthenticate: answer.headers.find(([name]) => name === "Www-Authenticate")?.[1],
    body: JSON.parse(Buffer.from(answer.body).toString()),
  };
}

describe("ZITADEL looks at the origin only over REST", () => {
  const app = "https://app.example";
  const options = { users: [{ allowedOrigins: [app] }] };
  const cases: [name: string, origin: string, token: "valid" | "personal", httpStatus: number][] = [
    ["an allowed origin passes", app, "valid", 200],
    ["another one does not", "https://other.example", "valid", 403],
    ["a personal access token passes from anywhere", "https://other.example", "personal", 200],
    ["an empty one is none", "", "valid", 200],
  ];
  for (const [name, origin, token, httpStatus] of cases) {
    test(name, async () => {
      const zitadel = await start(options);
      const headers = { ...bearer(zitadel.users[0].tokens[token]), origin };
      const answer = await sendRest(zitadel, undefined, headers);
      expect(answer.httpStatus).toBe(httpStatus);
    });
  }

  test("by default the server's own origin passes, and no other", async () => {
    const zitadel = await start();
    const headers = bearer(zitadel.users[0].token);
    expect((await sendRest(zitadel, undefined, { ...headers, origin: zitadel.url })).httpStatus).toBe(200);
    expect((await sendRest(zitadel, undefined, { ...headers, origin: app })).body.details[0].id).toBe("AUTH-DZG21");
  });
});

describe("a name that is not the server's own", () => {
  const notFound = /^unable to set instance using origin &\{evil\.example {2}http\} .*Instance not found\. Make sure/;

  test("finds no instance", async () => {
    const zitadel = await start();
    const headers = { ...bearer(zitadel.users[0].token), Host: "evil.example" };
    const answer = await sendRest(zitadel, undefined, headers);
    expect(answer).toMatchObject({ httpStatus: 404, body: { code: 5, message: expect.stringMatching(notFound) } });
  });

  test("finds one if it is among the hosts", async () => {
    const zitadel = await start({ hosts: ["Evil.example"] });
    const headers = { ...bearer(zitadel.users[0].token), Host: "evil.example:8080" };
    expect((await sendRest(zitadel, undefined, headers)).httpStatus).toBe(200);
  });

  for (const header of ["x-zitadel-instance-host", "x-forwarded-host"]) {
    test(`is not looked at where ${header} has another, as proxies send it`, async () => {
      const zitadel = await start({ hosts: ["zitadel.example"] });
      const authorized = bearer(zitadel.users[0].token);
      const known = { ...authorized, Host: "evil.example", [header]: "zitadel.example" };
      expect((await sendRest(zitadel, undefined, known)).httpStatus).toBe(200);
      // Also where the server would be known by its host.
      const stranger = { ...authorized, [header]: "evil.example" };
      expect((await sendRest(zitadel, undefined, stranger)).httpStatus).toBe(404);
    });
  }

  for (const host of ["localhost:1", "zitadel.localhost", "[::1]:8080", "127.0.0.1"]) {
    test(`unless it is a loopback name such as ${host}`, async () => {
      const zitadel = await start();
      const headers = { ...bearer(zitadel.users[0].token), Host: host };
      expect((await sendRest(zitadel, undefined, headers)).httpStatus).toBe(200);
    });
  }
});
