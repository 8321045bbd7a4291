import { describe, expect } from "@jest/globals";
import { runInChromium, testInChromium } from "../helpers/chromium.js";
import { start } from "./start-local.js";

/** What a page of another origin sees of one fetch. */
type Seen = { status: number; exposed: string[]; body: string } | { failed: string };

const script = `
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { AuthService } from "../gen/zitadel/auth_pb.js";

export async function run({ url, fetches, calls }) {
  const seen = {};
  for (const [name, { path, method = "POST", headers, body }] of Object.entries(fetches)) {
    try {
      const response = await fetch(url + path, { method, headers, body: body && new Uint8Array(body) });
      seen[name] = { status: response.status, exposed: [...response.headers.keys()], body: await response.text() };
    } catch (error) {
      seen[name] = { failed: String(error) };
    }
  }
  const transport = createGrpcWebTransport({ baseUrl: url });
  const auth = createClient(AuthService, transport);
  for (const [name, options] of Object.entries(calls)) {
    seen[name] = await auth.listMyRefreshTokens({}, options).then(
      ({ result }) => ({ listed: result.length }),
      (error) => ({ failed: String(error) }),
    );
  }
  return seen;
}
`;

const searchPath = "/auth/v1/users/me/tokens/refresh/_search";
const rpcPath = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";
const emptyFrame = [0, 0, 0, 0, 0];

describe("a page of another origin meets the CORS of the real server", () => {
  testInChromium("over gRPC-Web and REST", async () => {
    const zitadel = await start();
    const { token, tokens } = zitadel.users[0];
    const authorization = `Bearer ${token}`;
    const personal = `Bearer ${tokens.personal}`;
    const web = { authorization, "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
    const traceparent = "00-00000000000000000000000000000001-0000000000000001-00";
    const seen = await runInChromium<Record<string, Seen | { listed: number }>>({
      script,
      input: {
        url: zitadel.url,
        fetches: {
          "gRPC-Web": { path: rpcPath, headers: web, body: emptyFrame },
          "gRPC-Web with grpc-timeout": { path: rpcPath, headers: { ...web, "grpc-timeout": "1S" }, body: emptyFrame },
          "gRPC-Web with traceparent": { path: rpcPath, headers: { ...web, traceparent }, body: emptyFrame },
          "gRPC-Web, unknown method": { path: `${rpcPath}s`, headers: web, body: emptyFrame },
          REST: { path: searchPath, headers: { authorization: personal, "content-type": "application/json" } },
          "REST with grpc-timeout": { path: searchPath, headers: { authorization: personal, "grpc-timeout": "1S" } },
          "REST with traceparent": { path: searchPath, headers: { authorization: personal, traceparent } },
          "REST with the token of an app": { path: searchPath, headers: { authorization } },
          "REST revoke": {
            method: "DELETE",
            path: "/auth/v1/users/me/tokens/refresh/1",
            headers: { authorization: personal },
          },
        },
        calls: {
          "connect-web": { headers: { authorization } },
          "connect-web with a timeout": { headers: { authorization }, timeoutMs: 5000 },
          "connect-web without a token": {},
        },
      },
    });
    expect(seen).toEqual({
      "gRPC-Web": { status: 200, exposed: expect.anything(), body: expect.stringContaining("grpc-status: 0") },
      "gRPC-Web with grpc-timeout": { failed: "TypeError: Failed to fetch" },
      "gRPC-Web with traceparent": { failed: "TypeError: Failed to fetch" },
      "gRPC-Web, unknown method": { status: 200, exposed: expect.arrayContaining(["grpc-status"]), body: "" },
      REST: {
        status: 200,
        exposed: ["cache-control", "content-length", "content-type"],
        body: expect.stringContaining('"totalResult":"6"'),
      },
      "REST with grpc-timeout": { status: 200, exposed: expect.anything(), body: expect.anything() },
      "REST with traceparent": { failed: "TypeError: Failed to fetch" },
      "REST with the token of an app": {
        status: 403,
        exposed: expect.anything(),
        body: expect.stringContaining("AUTH-DZG21"),
      },
      "REST revoke": { status: 404, exposed: expect.anything(), body: expect.stringContaining("COMMAND-BHt2w") },
      "connect-web": { listed: 6 },
      "connect-web with a timeout": { failed: "ConnectError: [unknown] Failed to fetch" },
      "connect-web without a token": { failed: "ConnectError: [unauthenticated] auth header missing" },
    });
    const asked = zitadel.requests.filter(({ method }) => method === "OPTIONS");
    expect(asked.map(({ protocol }) => protocol)).toEqual(expect.arrayContaining(["grpc-web", "rest"]));
  });
});
