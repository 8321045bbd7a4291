import type { Fault, LocalUser } from "../../../src/testing.js";
import { startCurrentLogin as startLogin } from "../start-login.js";
import { type Case, type Cases, jwtOf } from "./run-doctor.js";
import { startGrpcRefuser, startProxy } from "./servers.js";

const page = "https://app.example.com";

/** A ZITADEL on which that goes wrong with every call. */
async function failing(check: string, fault: Fault, args: readonly string[] = []): Promise<Case> {
  const { zitadel } = await startLogin({}, { faults: [{ ...fault, times: Number.POSITIVE_INFINITY }] });
  return { check, url: zitadel.url, token: zitadel.users[0].token, args };
}

/** A ZITADEL behind a proxy, and a page of another origin. */
async function proxied(check: string, options: Parameters<typeof startProxy>[1]): Promise<Case> {
  const { zitadel } = await startLogin({ allowedOrigins: [page] });
  const url = await startProxy(zitadel.url, options);
  return { check, url, token: zitadel.users[0].token, args: ["--origin", page] };
}

/** A ZITADEL, and a JWT that it does not know. */
async function jwt(claims: object): Promise<Case> {
  const { zitadel } = await startLogin();
  return { check: "token", url: zitadel.url, token: jwtOf({ iss: zitadel.url, ...claims }), exitCode: 4 };
}

/** A ZITADEL, and one of its user's tokens, or what is none of them. */
async function given(check: string, tokenOf: (tokens: LocalUser["tokens"]) => string): Promise<Case> {
  const { zitadel } = await startLogin();
  return { check, url: zitadel.url, token: tokenOf(zitadel.users[0].tokens), exitCode: 4 };
}

const now = () => Math.floor(Date.now() / 1_000);

/** What is wrong between the server and ZITADEL, or in it. */
export const callCases: Cases = {
  "http1-only": async () => await proxied("grpc", {}),
  "grpc-refused": async () => {
    const { zitadel } = await startLogin();
    return { check: "grpc", url: await startGrpcRefuser(zitadel.url, 403), token: zitadel.users[0].token };
  },
  "unknown-instance": async () =>
    await failing("grpc", { kind: "status", code: 5, message: "unable to set instance: Instance not found." }),
  "not-serving": async () => await failing("rest", { kind: "status", code: 14 }),
  "error: blocked": async () => await failing("grpc-web", { kind: "status", code: 8, id: "LIMITS-molsj" }),
  "slow: no answer": async () => await failing("grpc", { kind: "hang" }, ["--timeout", "400ms"]),
  "slow: slow answers": async () => ({ ...(await failing("grpc", { kind: "delay", ms: 1_100 })), exitCode: 0 }),
  "not-serving: cut off": async () => await failing("grpc", { kind: "disconnect" }),
  error: async () => await failing("rest", { kind: "status", code: 13, message: "db connection error" }),
  "cors-refused: preflight": async () =>
    await proxied("cors-rest", {
      answer: ({ method }, response) => method === "OPTIONS" && Boolean(response.writeHead(405).end()),
    }),
  "cors-refused: headers": async () =>
    await proxied("cors-grpc-web", {
      answer: ({ method }, response) =>
        method === "OPTIONS" &&
        Boolean(
          response
            .writeHead(204, { "access-control-allow-origin": "*", "access-control-allow-headers": "content-type" })
            .end(),
        ),
    }),
  "cors-refused: hidden answer": async () =>
    await proxied("cors-grpc-web", {
      change: (headers) => {
        // Not of the preflight's answer, which has more of them.
        if (!headers["access-control-allow-headers"]) delete headers["access-control-allow-origin"];
      },
    }),
  "cors-origin": async () => ({
    ...(await given("cors-rest", ({ valid }) => valid)),
    args: ["--origin", page],
    exitCode: 0,
  }),
  "list-empty": async () => {
    const { zitadel } = await startLogin({ refreshTokens: [], sessions: [] });
    return { check: "list", url: zitadel.url, token: zitadel.users[0].token, exitCode: 0 };
  },
};

/** What is wrong with the token. */
export const tokenCases: Cases = {
  "token-missing": async () => await given("token", () => ""),
  "token-malformed": async () => await given("token", () => "canary of two words"),
  "token-expired": async () => await jwt({ exp: now() - 3_600 }),
  "token-issuer": async () => await jwt({ iss: "https://other.zitadel.cloud", exp: now() + 3_600 }),
  "token-id-token": async () => await jwt({ exp: now() + 3_600, nonce: "n" }),
  "token-audience: scopes": async () => ({
    ...(await jwt({ exp: now() + 3_600, scope: "openid profile" })),
    check: "acceptance",
  }),
  "token-refused: of another": async () => await given("acceptance", ({ wrongAudience }) => wrongAudience),
  "token-refused: a factor": async () => await given("acceptance", ({ mfaRequired }) => mfaRequired),
};
