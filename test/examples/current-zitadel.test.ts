import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { pipeline } from "node:stream";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { type LocalZitadel, startLocalZitadel } from "../../src/testing.js";
import { forwardTo } from "../helpers/chromium.js";
import { startExample } from "./run-example.js";

/** ZITADEL with two sessions, which its own user may list and end. */
async function startSessions() {
  const sessions = [
    {
      id: "s1",
      changeDate: timestampFromDate(new Date("2026-01-02T03:04:05Z")),
      userAgent: { description: "Firefox" },
    },
    { id: "s2" },
  ];
  const zitadel = await startLocalZitadel({
    routes: (router) =>
      router.service(SessionService, {
        listSessions: () => ({ sessions }),
        deleteSession: ({ sessionId }) => {
          const index = sessions.findIndex(({ id }) => id === sessionId);
          sessions.splice(index, 1);
          return {};
        },
      }),
  });
  return { zitadel, sessions };
}

/** The same on one port with /oauth/v2/revoke, as RFC 7009 has it. `forms` are what was posted there. */
async function listenWithRevoke(zitadel: LocalZitadel) {
  const forms: Record<string, string>[] = [];
  const forward = forwardTo(zitadel.url);
  const http1 = createHttpServer(async (request, response) => {
    if (request.url !== "/oauth/v2/revoke") return forward(request, response);
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const form = Object.fromEntries(new URLSearchParams(text));
    forms.push(form);
    if (form.client_id === "known") response.end();
    else response.writeHead(400).end('{"error":"invalid_client"}');
  });
  const server = createServer((socket) => {
    socket.once("readable", () => {
      const head = (socket.read() as Buffer | null) ?? Buffer.alloc(0);
      socket.unshift(head);
      if (!head.toString("latin1").startsWith("PRI")) http1.emit("connection", socket);
      // HTTP/2, which is gRPC.
      else pipeline(socket, connect(Number(new URL(zitadel.url).port), "127.0.0.1"), socket, () => {});
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, forms, close: () => server.close() };
}

describe("examples/current-zitadel.ts", () => {
  for (const [protocol, paths] of [
    [
      "grpc",
      ["POST /zitadel.session.v2.SessionService/ListSessions", "POST /zitadel.session.v2.SessionService/DeleteSession"],
    ],
    [
      "grpc-web",
      ["POST /zitadel.session.v2.SessionService/ListSessions", "POST /zitadel.session.v2.SessionService/DeleteSession"],
    ],
    ["rest", ["POST /v2/sessions/search", "DELETE /v2/sessions/s2"]],
  ] as const) {
    test(`lists sessions and ends one over ${protocol}, and revokes its own refresh token`, async () => {
      const { zitadel, sessions } = await startSessions();
      const instance = await listenWithRevoke(zitadel);
      const { token } = zitadel.users[0];
      const variables = { ZITADEL_URL: instance.url, ZITADEL_TOKEN: token, PROTOCOL: protocol };
      const own = { REFRESH_TOKEN: "its own", CLIENT_ID: "known" };
      const { status, output } = await startExample("current-zitadel", { ...variables, ...own }, "s2").ends();
      instance.close();
      await zitadel.close();
      expect(output.split("\n")).toEqual([
        "s1 2026-01-02T03:04:05.000Z Firefox",
        "s2 - ",
        "ended session s2; apps with a refresh token may go on",
        "revoked this app's refresh token, and the access token that came with it",
        "",
      ]);
      expect(status).toBe(0);
      expect(sessions.map(({ id }) => id)).toEqual(["s1"]);
      expect(zitadel.requests.map((request) => [request.protocol, `${request.method} ${request.path}`])).toEqual(
        paths.map((path) => [protocol, path]),
      );
      expect(instance.forms).toEqual([{ token: "its own", token_type_hint: "refresh_token", client_id: "known" }]);
    });
  }

  test("tells why a refresh token was not revoked", async () => {
    const { zitadel } = await startSessions();
    const instance = await listenWithRevoke(zitadel);
    const variables = { ZITADEL_URL: instance.url, ZITADEL_TOKEN: zitadel.users[0].token, REFRESH_TOKEN: "its own" };
    const { status, output } = await startExample("current-zitadel", variables).ends();
    instance.close();
    await zitadel.close();
    expect(status).toBe(1);
    expect(output).toContain('not revoked: 400 {"error":"invalid_client"}');
  });
});
