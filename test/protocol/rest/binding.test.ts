import type { DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { AuthService } from "../../../gen/zitadel/auth_pb.js";
import { createAuthTransport, rest } from "../../../src/node.js";
import { PlainService } from "../../gen/plain_pb.js";
import { Kind, RestService } from "../../gen/rest_pb.js";
import { startRestServer } from "./rest-server.js";

let server: Awaited<ReturnType<typeof startRestServer>>;
let transport: ReturnType<typeof createAuthTransport>;

beforeAll(async () => {
  server = await startRestServer();
  transport = createAuthTransport({ baseUrl: server.url, protocol: rest, retry: false });
});
beforeEach(() => server.answer());
afterAll(async () => {
  await transport.close();
  await server.close();
});

// One row: a call, and the request line and the body that it makes. `undefined` means no body at all.
interface Row {
  method: DescMethodUnary;
  message: object;
  line: string;
  body?: unknown;
}
function row<M extends DescMethodUnary>(
  method: M,
  message: MessageInitShape<M["input"]>,
  line: string,
  body?: unknown,
) {
  return { method, message, line, body } as Row;
}

async function send({ method, message }: Row) {
  await transport.unary(method, undefined, undefined, undefined, message as MessageInitShape<typeof method.input>);
  expect(server.requests).toHaveLength(1);
  const request = server.requests[0] as (typeof server.requests)[0];
  return {
    line: `${request.method} ${request.target}`,
    body: request.body === "" ? undefined : (JSON.parse(request.body) as unknown),
    headers: request.headers,
  };
}

const { method: m } = RestService;
const { method: auth } = AuthService;

const search = (message: MessageInitShape<typeof m.search.input>, query: string) =>
  row(m.search, message, `GET /resttest/v1/users${query && "?"}${query}`);

describe("a method's binding makes the request", () => {
  const rows: Record<string, Row[]> = {
    "ZITADEL's own": [
      row(auth.listMyRefreshTokens, {}, "POST /auth/v1/users/me/tokens/refresh/_search", {}),
      row(auth.revokeAllMyRefreshTokens, {}, "POST /auth/v1/users/me/tokens/refresh/_revoke_all", {}),
      row(
        auth.revokeMyRefreshToken,
        { id: "324567890123456789" },
        "DELETE /auth/v1/users/me/tokens/refresh/324567890123456789",
      ),
    ],
    "a service that is not ZITADEL's v1": [row(PlainService.method.getThing, { id: "7" }, "GET /v1/things/7")],
    "GET with a field in the path": [
      row(m.getUser, { userId: "7" }, "GET /resttest/v1/users/7"),
      row(m.getUser, { userId: "7", language: "de" }, "GET /resttest/v1/users/7?language=de"),
    ],
    "GET with fields that are not text in the path": [
      row(
        m.getEvent,
        { kind: Kind.MACHINE, sequence: 18446744073709551615n, latest: true },
        "GET /resttest/v1/kinds/KIND_MACHINE/events/18446744073709551615/true",
      ),
      row(m.getEvent, {}, "GET /resttest/v1/kinds/KIND_UNSPECIFIED/events/0/false"),
      row(m.getEvent, { kind: 77 as Kind, sequence: 1n }, "GET /resttest/v1/kinds/77/events/1/false"),
    ],
    "POST with everything in the body": [
      row(
        m.createUser,
        { id: "7", displayName: "Ada", kind: Kind.HUMAN, sequence: 9007199254740993n, address: { city: "Bern" } },
        "POST /resttest/v1/users",
        {
          id: "7",
          displayName: "Ada",
          kind: "KIND_HUMAN",
          sequence: "9007199254740993",
          address: { city: "Bern" },
        },
      ),
      row(m.createUser, {}, "POST /resttest/v1/users", {}),
    ],
    "PUT with a dotted field in the path and the rest in the body": [
      row(m.setName, { user: { id: "7", displayName: "Ada" }, reason: "married" }, "PUT /resttest/v1/users/7/name", {
        user: { displayName: "Ada" },
        reason: "married",
      }),
    ],
    "PATCH with one field as the body, and the others in the query": [
      row(
        m.updateUser,
        {
          user: { id: "7", displayName: "Ada" },
          updateMask: { paths: ["display_name", "address.city"] },
          validateOnly: true,
        },
        "PATCH /resttest/v1/users/7?updateMask=display_name%2Caddress.city&validateOnly=true",
        { displayName: "Ada" },
      ),
      row(m.updateUser, { user: { id: "7" } }, "PATCH /resttest/v1/users/7", {}),
    ],
    "PUT with a list as the body": [
      row(m.setTags, { userId: "7", tags: ["a", "b"] }, "PUT /resttest/v1/users/7/tags", ["a", "b"]),
      row(m.setTags, { userId: "7" }, "PUT /resttest/v1/users/7/tags", []),
    ],
    "DELETE without a body": [
      row(m.deleteUser, { userId: "7" }, "DELETE /resttest/v1/users/7"),
      row(m.deleteUser, { userId: "7", force: true }, "DELETE /resttest/v1/users/7?force=true"),
    ],
    "DELETE with a body": [
      row(m.deleteUsers, { userIds: ["7", "8"] }, "DELETE /resttest/v1/users", { userIds: ["7", "8"] }),
    ],
    "POST and PUT without a body": [
      row(m.lockUser, { userId: "7", language: "de" }, "POST /resttest/v1/users/7/_lock?language=de"),
      row(m.unlockUser, { userId: "7" }, "PUT /resttest/v1/users/7/_unlock"),
    ],
    "additional bindings, which do not count": [row(m.findUser, { userId: "7" }, "GET /resttest/v1/users/7/first")],
    "the query: scalars": [
      search({}, ""),
      search({ query: "ada" }, "query=ada"),
      search({ offset: -1 }, "offset=-1"),
      search({ limit: 4294967295 }, "limit=4294967295"),
      search({ since: -9223372036854775808n }, "since=-9223372036854775808"),
      search({ sequence: 18446744073709551615n }, "sequence=18446744073709551615"),
      search({ ascending: true }, "ascending=true"),
      search({ ratio: 0.5 }, "ratio=0.5"),
      search({ score: -1e300 }, "score=-1e%2B300"),
      search({ score: Number.NaN }, "score=NaN"),
      search({ score: Number.NEGATIVE_INFINITY }, "score=-Infinity"),
      search({ cursor: new Uint8Array([0xfb, 0xff, 0xfe, 0x01]) }, "cursor=%2B%2F%2F%2BAQ%3D%3D"),
      search({ kind: Kind.HUMAN }, "kind=KIND_HUMAN"),
      search({ renamed: "x" }, "newName=x"),
    ],
    "the query: repeated": [
      search({ ids: ["1", "2", ""] }, "ids=1&ids=2&ids="),
      search({ kinds: [Kind.MACHINE, Kind.UNSPECIFIED] }, "kinds=KIND_MACHINE&kinds=KIND_UNSPECIFIED"),
      search({ sequences: [0n, 9007199254740993n] }, "sequences=0&sequences=9007199254740993"),
    ],
    "the query: well-known messages": [
      search(
        { createdAfter: timestampFromDate(new Date("2025-08-01T08:45:00.123Z")) },
        "createdAfter=2025-08-01T08%3A45%3A00.123Z",
      ),
      search({ maxAge: { seconds: 90n, nanos: 500_000_000 } }, "maxAge=90.500s"),
      search({ fields: { paths: ["display_name", "address.city"] } }, "fields=display_name%2Caddress.city"),
      search({ nickName: "Ada" }, "nickName=Ada"),
      search({ nickName: "" }, "nickName="),
      search({ verified: false }, "verified=false"),
      search({ quota: 9007199254740993n }, "quota=9007199254740993"),
      search({ avatar: new Uint8Array([1]) }, "avatar=AQ%3D%3D"),
    ],
    "the query: nested": [
      search({ address: { city: "Bern", lines: ["a", "b"] } }, "address.city=Bern&address.lines=a&address.lines=b"),
      search({ filter: { near: { city: "Bern" }, text: "" } }, "filter.near.city=Bern&filter.text="),
    ],
    "the query: presence": [
      search({ email: "" }, "email="),
      search({ age: 0 }, "age=0"),
      search({ owner: { case: "orgId", value: "" } }, "orgId="),
      search({ owner: { case: "nobody", value: false } }, "nobody=false"),
      search({ owner: { case: "site", value: { city: "Bern" } } }, "site.city=Bern"),
    ],
  };
  for (const [title, cases] of Object.entries(rows)) {
    describe(title, () => {
      for (const each of cases) {
        test(each.line, async () => {
          const { line, body } = await send(each);
          expect({ line, body }).toEqual({ line: each.line, body: each.body });
        });
      }
    });
  }
});

describe("percent-encoding", () => {
  // Everything but A-Z a-z 0-9 - . _ ~ is encoded, and a space is never "+".
  for (const [text, encoded] of [
    ["AZaz09-._~", "AZaz09-._~"],
    ["a b", "a%20b"],
    ["a+b", "a%2Bb"],
    ["!'()*", "%21%27%28%29%2A"],
    [":@$,;=&?#[]", "%3A%40%24%2C%3B%3D%26%3F%23%5B%5D"],
    ["100%", "100%25"],
    ["%2F", "%252F"],
    ["%2e%2e", "%252e%252e"],
    ["\\", "%5C"],
    ['"<>^`{|}', "%22%3C%3E%5E%60%7B%7C%7D"],
    ["é", "%C3%A9"],
    ["日本", "%E6%97%A5%E6%9C%AC"],
    ["🔑", "%F0%9F%94%91"],
    ["\u0000\n\t\u007f", "%00%0A%09%7F"],
    ["...", "..."],
    [".a", ".a"],
    [" ", "%20"],
  ] as const) {
    test(`${JSON.stringify(text)} in the path is ${encoded}`, async () => {
      const { line } = await send(row(m.getUser, { userId: text }, ""));
      expect(line).toBe(`GET /resttest/v1/users/${encoded}`);
    });

    test(`${JSON.stringify(text)} in the query is ${encoded}`, async () => {
      const { line } = await send(search({ query: text }, ""));
      expect(line).toBe(`GET /resttest/v1/users?query=${encoded}`);
    });
  }

  test("a slash, which no path segment can have, is encoded in the query", async () => {
    const { line } = await send(search({ query: "a/b" }, ""));
    expect(line).toBe("GET /resttest/v1/users?query=a%2Fb");
  });
});

describe("the request around it", () => {
  test("has JSON's content type only where there is a body", async () => {
    const list = await send(row(auth.listMyRefreshTokens, {}, ""));
    expect(list.headers["content-type"]).toBe("application/json");
    expect(list.headers.accept).toBe("application/json");
    server.answer();
    const revoke = await send(row(auth.revokeMyRefreshToken, { id: "1" }, ""));
    expect(revoke.headers["content-type"]).toBeUndefined();
    expect(revoke.headers.accept).toBe("application/json");
  });

  test("tells the gateway how long the call may take", async () => {
    const { headers } = await send(row(auth.listMyRefreshTokens, {}, ""));
    // The default deadline, less what has passed of it.
    expect(headers["grpc-timeout"]).toMatch(/^(10000|9\d{3})m$/);
  });

  test("keeps the path of the base URL in front", async () => {
    for (const baseUrl of [`${server.url}/proxy`, `${server.url}/proxy/`]) {
      server.answer();
      const prefixed = createAuthTransport({ baseUrl, protocol: rest });
      await prefixed.unary(auth.listMyRefreshTokens, undefined, undefined, undefined, {});
      expect(server.requests[0]?.target).toBe("/proxy/auth/v1/users/me/tokens/refresh/_search");
      await prefixed.close();
    }
  });
});
