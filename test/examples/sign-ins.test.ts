import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { pipeline } from "node:stream";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";
import { forwardTo } from "../helpers/chromium.js";
import { loginOf, startExample } from "./run-example.js";

const running: LocalZitadel[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((zitadel) => zitadel.close()));
});

const times = { creationDate: "2026-01-02T03:04:05Z", expirationDate: null };
const users: LocalZitadelOptions["users"] = [
  {
    sessions: [
      { id: "s1", ...times, userAgent: { fingerprintId: "a", description: "Firefox, , Linux" } },
      { id: "s2", ...times, creationDate: "2026-01-03T03:04:05Z", userAgent: { description: "\u001b[2JBox" } },
      { id: "s3", ...times, creationDate: "2026-01-01T00:00:00Z" },
    ],
    refreshTokens: [
      { id: "t1", clientId: "1@shop", authTime: "2025-12-31T00:00:00Z", idleExpiration: null, expiration: null },
    ],
  },
];

async function start(options: LocalZitadelOptions) {
  const zitadel = await startLocalZitadel(options);
  running.push(zitadel);
  return zitadel;
}

async function outputOf(zitadel: LocalZitadel, variables: Record<string, string>, ...args: string[]) {
  const { status, output } = await startExample("sign-ins", { ...loginOf(zitadel), ...variables }, ...args).ends();
  return { status, lines: output.trimEnd().split("\n") };
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

const listed = [
  's2 "\\u001b[2JBox", active, 2026-01-03T03:04:05.000Z',
  's1 "Firefox, Linux", active, 2026-01-02T03:04:05.000Z, this one',
  's3 "a device that is not known", active, 2026-01-01T00:00:00.000Z',
  't1 app "1@shop", active, 2025-12-31T00:00:00.000Z',
];
const offline = "Apps that may work offline can stay signed in without being listed.";

describe("examples/sign-ins.ts", () => {
  for (const PROTOCOL of ["grpc", "grpc-web", "rest"]) {
    test(`lists sign-ins and ends those that are named over ${PROTOCOL}`, async () => {
      const zitadel = await start({ users });
      const { status, lines } = await outputOf(zitadel, { PROTOCOL }, "s2", "t1");
      expect(lines).toEqual([...listed, offline, "ended s2", "ended t1"]);
      expect(status).toBe(0);
      expect(zitadel.users[0].sessions.map(({ id }) => id)).toEqual(["s1", "s3"]);
      expect(zitadel.users[0].refreshTokens).toEqual([]);
      expect(new Set(zitadel.requests.map(({ protocol }) => protocol))).toEqual(new Set([PROTOCOL]));
    });
  }

  test("ends all others", async () => {
    const zitadel = await start({ users });
    const { lines } = await outputOf(zitadel, {}, "others");
    expect(lines.slice(5)).toEqual(["ended s2", "ended s3", "ended t1"]);
  });

  test("shows an old ZITADEL's tokens, and does not guess which one is this", async () => {
    const zitadel = await start({ users: [{ ...users[0], sessions: undefined }], release: "2.44" });
    const { status, lines } = await outputOf(zitadel, {}, "others");
    expect(lines[0]).toBe(listed[3]);
    expect(lines.join("\n")).toContain("TypeError: nobody knows which sign-in is this one");
    expect(status).toBe(1);
    expect(zitadel.users[0].refreshTokens).toHaveLength(1);
  });

  test("prints a sentence where there is nothing to print", async () => {
    const zitadel = await start({ users: [{ sessions: [], refreshTokens: [] }] });
    const { status, lines } = await outputOf(zitadel, {}, "s1");
    const current = "The sign-in that this access token came from is not listed.";
    expect(lines).toEqual(["ZITADEL lists no sign-in of this user.", offline, current]);
    expect(status).toBe(0);
  });

  for (const [clientId, said] of [
    ["known", "revoked this app's refresh token, and the access token that came with it"],
    ["", 'not revoked: 400 {"error":"invalid_client"}'],
  ] as const) {
    test(`tells whether its own refresh token is revoked, with client id "${clientId}"`, async () => {
      const zitadel = await start({ users });
      const instance = await listenWithRevoke(zitadel);
      const variables = { ZITADEL_URL: instance.url, REFRESH_TOKEN: "its own", CLIENT_ID: clientId };
      const { status, lines } = await outputOf(zitadel, variables, "own");
      instance.close();
      expect(lines.join("\n")).toContain(said);
      expect(status).toBe(clientId ? 0 : 1);
      expect(instance.forms).toEqual([{ token: "its own", token_type_hint: "refresh_token", client_id: clientId }]);
    });
  }
});
