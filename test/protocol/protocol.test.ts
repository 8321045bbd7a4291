import { describe, expect, test } from "@jest/globals";
import { Code, createAuthClient, grpc, grpcWeb, type Protocol, rest } from "../../src/node.js";
import { encodingOf } from "../../src/protocol/grpc/envelope.js";
import { rowClient } from "../faults/answer-row.js";
import { errorAnswer, okAnswer } from "../faults/answers.js";
import { startAnswerServer } from "../helpers/answer-server.js";

// ZITADEL's CORS rules refuse them.
for (const [where, pageOf, sent] of [
  ["another origin", () => "https://app.example", {}],
  [
    "the server's own",
    (url: string) => url,
    { "grpc-timeout": expect.any(String), "grpc-accept-encoding": "gzip", "grpc-previous-rpc-attempts": "1" },
  ],
] as const) {
  test(`a page of ${where} sends ${Object.keys(sent).length === 0 ? "no" : "its"} grpc- headers`, async () => {
    await using server = await startAnswerServer("grpcWeb", ({ n }) =>
      n === 1 ? errorAnswer("grpcWeb", Code.Unavailable) : okAnswer("grpcWeb"),
    );
    const origin = pageOf(server.baseUrl);
    Object.defineProperty(globalThis, "location", { value: { origin, href: `${origin}/` }, configurable: true });
    try {
      await using auth = rowClient(server, "grpcWeb");
      await auth.listMyRefreshTokens({});
    } finally {
      Reflect.deleteProperty(globalThis, "location");
    }
    const fields = Object.entries(server.requests[1]?.headers ?? {}).filter(([name]) => name.startsWith("grpc-"));
    expect(Object.fromEntries(fields)).toEqual(sent);
  });
}

test("an answer in gzip that was not offered is refused", () => {
  const head = { status: 200, headers: new Map([["grpc-encoding", "gzip"]]) };
  expect(encodingOf(head, true)).toBe("gzip");
  expect(() => encodingOf(head, false)).toThrow(/was not offered/);
});

describe("a protocol", () => {
  for (const protocol of [grpc, grpcWeb, rest]) {
    test(`${protocol.name} shows its name alone`, () => {
      expect(Object.keys(protocol)).toEqual(["name"]);
    });
  }

  // @ts-expect-error nobody can make one
  const made: Protocol = { name: "rest" };
  for (const protocol of ["grpc", null, made] as unknown as Protocol[]) {
    test(`that is ${JSON.stringify(protocol)} is a TypeError that names those there are`, () => {
      const create = () => createAuthClient({ baseUrl: "https://example.com", protocol });
      expect(create).toThrow(TypeError);
      expect(create).toThrow(/^protocol must be grpc, grpcWeb or rest/);
    });
  }
});
