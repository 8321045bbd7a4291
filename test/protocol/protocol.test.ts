import { describe, expect, test } from "@jest/globals";
import { createAuthClient, grpc, grpcWeb, type Protocol, rest } from "../../src/node.js";

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
