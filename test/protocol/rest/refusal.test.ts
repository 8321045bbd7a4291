import { create, type DescMethodUnary, type MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { AuthService } from "../../../gen/zitadel/auth_pb.js";
import { createAuthTransport, rest } from "../../../src/node.js";
import { restRequest } from "../../../src/protocol/rest/request.js";
import { Kind, RestService } from "../../gen/rest_pb.js";
import { startRestServer } from "./rest-server.js";

let server: Awaited<ReturnType<typeof startRestServer>>;
let transport: ReturnType<typeof createAuthTransport>;

beforeAll(async () => {
  server = await startRestServer();
  transport = createAuthTransport({ baseUrl: server.url, protocol: rest });
});
beforeEach(() => server.answer());
afterAll(async () => {
  await transport.close();
  await server.close();
});

// Calls, expects no request, and gives the error.
async function refused<M extends DescMethodUnary>(method: M, message: MessageInitShape<M["input"]>): Promise<Error> {
  const error = await transport.unary(method, undefined, undefined, undefined, message).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(server.requests).toEqual([]);
  expect(error).toBeInstanceOf(TypeError);
  return error as Error;
}

const { method: m } = RestService;
const user = { userId: "7" };

describe("a value that no path can carry is refused before anything is sent", () => {
  for (const id of ["", ".", "..", "/", "a/b", "/a", "../x"]) {
    test(`revoke ${JSON.stringify(id)}`, async () => {
      const error = await refused(AuthService.method.revokeMyRefreshToken, { id });
      expect(error.message).toContain("id");
      expect(error.message).not.toContain("\n");
    });

    test(`a dotted field ${JSON.stringify(id)}`, async () => {
      const error = await refused(m.setName, { user: { id } });
      expect(error.message).toContain("user.id");
    });
  }

  test("half of a surrogate pair, which is no text", async () => {
    const error = await refused(m.getUser, { userId: "\ud800" });
    expect(error.message).toContain(m.getUser.input.typeName);
  });

  test("one that makes the path longer than any server takes, by one character", async () => {
    const pathOf = (userId: string) =>
      restRequest(m.getUser, create(m.getUser.input, { userId }), {
        prefix: "",
        headers: {},
        timeoutMs: undefined,
        previousAttempts: 0,
        crossOrigin: false,
        acceptGzip: false,
      }).path;
    const userId = "7".repeat(16 * 1024 - pathOf("7").length + 1);
    expect(pathOf(userId)).toHaveLength(16 * 1024);
    const error = await refused(m.getUser, { userId: `${userId}7` });
    expect(error.message).toBe("its path is longer than 16 KiB");
  });

  test("a dotted field of a message that is absent", async () => {
    const error = await refused(m.setName, { reason: "x" });
    expect(error.message).toContain("user.id");
  });
});

describe("a binding of another form is refused in a sentence that names the method and the form", () => {
  const cases: [DescMethodUnary, Record<string, unknown>, RegExp][] = [
    [m.wildcardVariable, user, /\{user_id=users\/\*\}/],
    [m.doubleWildcard, user, /\{user_id=\*\*\}/],
    [m.bareWildcard, user, /\*/],
    [m.customVerb, user, /:revoke/],
    [m.customVerbLiteral, user, /:revoke/],
    [m.responseBody, user, /response_body/],
    [m.customKind, user, /HEAD|custom/],
    [m.mapQuery, { labels: { a: "b" } }, /labels/],
    [m.messagesQuery, { users: [{ id: "7", kind: Kind.HUMAN }] }, /users/],
    [m.repeatedInPath, { userId: "7", tags: ["a"] }, /tags/],
    [m.messageInPath, { user: { id: "7" } }, /"user"/],
    [m.unknownInPath, user, /nobody/],
    [m.unknownBody, user, /nobody/],
    [m.noRule, user, /google\.api\.http/],
  ];
  for (const [method, message, form] of cases) {
    test(method.name, async () => {
      const error = await refused(method, message);
      expect(error.message).toContain(method.name);
      expect(error.message).toMatch(form);
      expect(error.message).not.toContain("\n");
      expect(error.message.length).toBeLessThanOrEqual(300);
    });
  }

  test("such a method does not keep the others from working", async () => {
    await refused(m.noRule, user);
    await transport.unary(m.getUser, undefined, undefined, undefined, user);
    expect(server.requests.map(({ target }) => target)).toEqual(["/resttest/v1/users/7"]);
  });
});
