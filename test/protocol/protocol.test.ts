import { describe, expect, test } from "@jest/globals";
import { Code, createAuthClient, grpc, grpcWeb, type Protocol, rest } from "../../src/node.js";
import { encodingOf } from "../../src/protocol/grpc/envelope.js";
import { rowClient } from "../faults/answer-row.js";
import { errorAnswer, okAnswer } from "../faults/answers.js";
import { startAnswerServer } from "../helpers/answer-server.js";

/** The headers of gRPC's that the second request of a call has, made by a page of that origin. */
async function grpcHeaders(protocol: "grpcWeb" | "rest", pageOf: (url: string) => string) {
  await using server = await startAnswerServer(protocol, ({ n }) =>
    n === 1 ? errorAnswer(protocol, Code.Unavailable) : okAnswer(protocol),
  );
  const origin = pageOf(server.baseUrl);
  Object.defineProperty(globalThis, "location", { value: { origin, href: `${origin}/` }, configurable: true });
  try {
    await using auth = rowClient(server, protocol);
    await auth.listMyRefreshTokens({});
  } finally {
    Reflect.deleteProperty(globalThis, "location");
  }
  const fields = Object.entries(server.requests[1]?.headers ?? {}).filter(([name]) => name.startsWith("grpc-"));
  return Object.fromEntries(fields);
}

test("a page of the server's own origin sends gRPC's headers, and one of another none, for its CORS rules", async () => {
  const timeout = { "grpc-timeout": expect.stringMatching(/^\d+m$/) };
  const all = { ...timeout, "grpc-accept-encoding": "gzip", "grpc-previous-rpc-attempts": "1" };
  for (const [protocol, sent] of [
    ["grpcWeb", all],
    ["rest", timeout],
  ] as const) {
    expect(await grpcHeaders(protocol, (url) => url)).toEqual(sent);
    expect(await grpcHeaders(protocol, () => "https://app.example")).toEqual({});
  }
});

test("gzip is not offered where nothing inflates it", async () => {
  await using server = await startAnswerServer("grpcWeb", () => okAnswer("grpcWeb"));
  const { DecompressionStream } = globalThis;
  Reflect.deleteProperty(globalThis, "DecompressionStream");
  try {
    await using auth = rowClient(server, "grpcWeb");
    await auth.listMyRefreshTokens({});
  } finally {
    Object.assign(globalThis, { DecompressionStream });
  }
  expect(server.requests[0]?.headers).not.toHaveProperty("grpc-accept-encoding");
});

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

  test("that needs trailers is a TypeError over fetch, which does not show them", () => {
    const create = () => createAuthClient({ baseUrl: "https://example.com", protocol: grpc, fetch });
    expect(create).toThrow(new TypeError("grpc needs HTTP trailers, which fetch does not show: use grpcWeb or rest"));
  });

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
