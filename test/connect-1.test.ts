import { expect, test } from "@jest/globals";
import { createAuthTransport } from "../src/node.js";

// What a client of @connectrpc/connect 1 passes: the service before the method, neither of them a descriptor.
const service = { typeName: "zitadel.auth.v1.AuthService", methods: {} };
const method = { name: "ListMyRefreshTokens", kind: 0, I: class {}, O: class {} };
type AnyCall = (...args: unknown[]) => Promise<unknown>;

for (const kind of ["unary", "stream"] as const) {
  test(`a ${kind} call of a client of Connect 1 is told what is wrong`, async () => {
    await using transport = createAuthTransport({ baseUrl: "https://zitadel.example" });
    const call = transport[kind] as unknown as AnyCall;
    const error = await call(service, method, undefined, undefined, undefined, {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(
      "this is a transport of Connect 2, called by a client that is not: use @connectrpc/connect 2",
    );
  });
}
