import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "@jest/globals";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import { type LocalZitadel, type LocalZitadelOptions, localUserKey } from "../../src/testing.js";
import { start } from "./start-local.js";
import { sendHttp1 } from "./wire-request.js";

/** A service of which this package knows nothing, by its stock definitions. */
const routes: LocalZitadelOptions["routes"] = (router) =>
  router.service(SessionService, {
    listSessions: (_, context) => {
      context.responseHeader.set("x-from", "a handler");
      context.responseTrailer.set("x-last", "word");
      return { sessions: [{ id: "1", factors: { user: { id: context.values.get(localUserKey)?.id ?? "" } } }] };
    },
    getSession: ({ sessionId, sessionToken }) => ({ session: { id: `${sessionId} ${sessionToken ?? "none"}` } }),
    createSession: () => ({ sessionId: "2" }),
    deleteSession: ({ sessionId }) => {
      throw new ConnectError(`no session ${sessionId} (COMMAND-x)`, Code.NotFound, { "x-why": "gone" }, [
        { desc: ErrorDetailSchema, value: { id: "COMMAND-x", message: "no session" } },
      ]);
    },
    setSession: () => new Promise(() => {}),
  });

const transports: [string, (baseUrl: string) => Transport][] = [
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
];

function headersOf(zitadel: LocalZitadel, user = 0): { authorization: string } {
  return { authorization: `Bearer ${zitadel.users[user]?.token}` };
}

for (const [name, transport] of transports) {
  describe(`routes of one's own over ${name}`, () => {
    test("are answered, for the user whose token it is", async () => {
      const zitadel = await start({ routes, users: [{}, {}] });
      const sessions = createClient(SessionService, transport(zitadel.url));
      const seen: (string | null)[] = [];
      const { sessions: found } = await sessions.listSessions(
        {},
        {
          headers: headersOf(zitadel, 1),
          onHeader: (header) => seen.push(header.get("x-from")),
          onTrailer: (trailer) => seen.push(trailer.get("x-last")),
        },
      );
      expect(found[0]).toMatchObject({ id: "1", factors: { user: { id: zitadel.users[1]?.id } } });
      expect(seen).toEqual(["a handler", "word"]);
    });

    test("fail with code, text, details and metadata", async () => {
      const zitadel = await start({ routes });
      const sessions = createClient(SessionService, transport(zitadel.url));
      const error = await sessions
        .deleteSession({ sessionId: "7" }, { headers: headersOf(zitadel) })
        .catch(ConnectError.from);
      expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "no session 7 (COMMAND-x)" });
      expect((error as ConnectError).findDetails(ErrorDetailSchema)).toMatchObject([{ id: "COMMAND-x" }]);
      expect((error as ConnectError).metadata.get("x-why")).toBe("gone");
    });

    test("need a token, meet faults, and end at their deadline", async () => {
      const zitadel = await start({ routes });
      const sessions = createClient(SessionService, transport(zitadel.url));
      const codeOf = (call: Promise<unknown>) =>
        call.then(
          () => undefined,
          (error) => ConnectError.from(error).code,
        );
      expect(await codeOf(sessions.listSessions({}))).toBe(Code.Unauthenticated);
      zitadel.fail({ kind: "status", code: Code.Aborted, method: "ListSessions" });
      expect(await codeOf(sessions.createSession({}, { headers: headersOf(zitadel) }))).toBeUndefined();
      expect(await codeOf(sessions.listSessions({}, { headers: headersOf(zitadel) }))).toBe(Code.Aborted);
      const late = sessions.setSession({}, { headers: { ...headersOf(zitadel), "grpc-timeout": "50m" } });
      expect(await codeOf(late)).toBe(Code.DeadlineExceeded);
    });
  });
}

describe("routes of one's own over REST", () => {
  const rows: [verb: string, path: string, body: string | undefined, status: number, answer: unknown][] = [
    ["POST", "/v2/sessions/search", "{}", 200, { sessions: [{ id: "1", factors: expect.anything() }] }],
    ["GET", "/v2/sessions/a%20b", undefined, 200, { session: { id: "a b none" } }],
    ["GET", "/v2/sessions/a?session_token=t&sessionId=b&nothing=1", undefined, 200, { session: { id: "a t" } }],
    ["GET", "/v2/sessions/a?sessionToken=t", undefined, 200, { session: { id: "a t" } }],
    ["POST", "/v2/sessions", "{}", 200, { sessionId: "2" }],
    [
      "DELETE",
      "/v2/sessions/7",
      '{"sessionId":"8"}',
      404,
      {
        code: 5,
        message: "no session 7 (COMMAND-x)",
        details: [{ "@type": "type.googleapis.com/zitadel.v1.ErrorDetail", id: "COMMAND-x", message: "no session" }],
      },
    ],
    ["PATCH", "/v2/sessions/7", "null", 400, { code: 3, message: expect.any(String) }],
    ["PUT", "/v2/sessions/7", "{}", 405, { code: 12, message: "Method Not Allowed" }],
    ["GET", "/v2/sessions/7/more", undefined, 404, { code: 5, message: "Not Found" }],
  ];
  for (const [method, path, body, status, answer] of rows) {
    test(`${method} ${path}: ${status}`, async () => {
      const zitadel = await start({ routes });
      const headers = headersOf(zitadel);
      const response = await fetch(zitadel.url + path, { method, headers, ...(body && { body }) });
      expect({ status: response.status, answer: await response.json() }).toEqual({ status, answer });
    });
  }
});

test("what the local ZITADEL serves by itself can be replaced", async () => {
  const zitadel = await start({
    routes: (router) => router.rpc(AuthService.method.listMyRefreshTokens, () => ({ result: [{ id: "mine" }] })),
  });
  const auth = createClient(AuthService, createGrpcTransport({ baseUrl: zitadel.url }));
  const headers = headersOf(zitadel);
  expect((await auth.listMyRefreshTokens({}, { headers })).result.map(({ id }) => id)).toEqual(["mine"]);
  await expect(auth.revokeMyRefreshToken({ id: "1" }, { headers })).rejects.toThrow("COMMAND-BHt2w");
});

test("assets are served by path, to GET and HEAD", async () => {
  const page = {
    headers: { "content-type": "text/html", "content-security-policy": "default-src 'none'" },
    body: "hi",
  };
  const zitadel = await start({ assets: { "/": page } });
  const response = await fetch(zitadel.url);
  expect(await response.text()).toBe("hi");
  expect(response.headers.get("content-security-policy")).toBe("default-src 'none'");
  const head = await fetch(zitadel.url, { method: "HEAD" });
  expect({ status: head.status, type: head.headers.get("content-type"), body: await head.text() }).toEqual({
    status: 200,
    type: "text/html",
    body: "",
  });
  expect((await fetch(`${zitadel.url}/other`)).status).toBe(404);
  expect(zitadel.requests.map(({ protocol }) => protocol)).toEqual(["other", "other", "rest"]);
});

test("assets, which may hold a token, are not given to a name that a foreign page made its own", async () => {
  const zitadel = await start({ assets: { "/demo.json": { headers: {}, body: "secret" } } });
  const request = { method: "GET", path: "/demo.json" };
  expect(String((await sendHttp1(zitadel.url, request)).body)).toBe("secret");
  const foreign = await sendHttp1(zitadel.url, { ...request, headers: [["host", "evil.example"]] });
  expect({ status: foreign.status, body: String(foreign.body) }).toEqual({
    status: 404,
    body: '{"code":5,"message":"Not Found"}',
  });
});
