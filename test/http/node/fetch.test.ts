import { afterEach, describe, expect, test } from "@jest/globals";
import { createAuthClient, grpc, grpcWeb, rest } from "../../../src/node.js";

const name = "NODE_TLS_REJECT_UNAUTHORIZED";

describe("an environment that turns certificate checks off", () => {
  const before = process.env[name];
  afterEach(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });

  const options = { baseUrl: "https://zitadel.example", token: "a-token" };

  for (const protocol of [grpcWeb, rest]) {
    test(`is refused for ${protocol.name} over fetch`, () => {
      process.env[name] = "0";
      expect(() => createAuthClient({ ...options, protocol })).toThrow(
        new TypeError(
          `${name}=0 keeps fetch from checking certificates: ` +
            "unset it and name the CA in NODE_EXTRA_CA_CERTS, or pass http2, which checks all the same",
        ),
      );
    });

    test(`does no harm to ${protocol.name} over http2, through a fetch of the caller's or in cleartext`, () => {
      process.env[name] = "0";
      createAuthClient({ ...options, protocol, http2: {} });
      createAuthClient({ ...options, protocol, fetch });
      createAuthClient({ ...options, protocol, baseUrl: "http://localhost" });
    });
  }

  test("does no harm to gRPC", () => {
    process.env[name] = "0";
    createAuthClient({ ...options, protocol: grpc });
  });
});
