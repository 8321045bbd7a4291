import { readFileSync } from "node:fs";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, test } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../src/local/local-zitadel.js";

const running: LocalZitadel[] = [];

async function start(options?: LocalZitadelOptions): Promise<LocalZitadel> {
  const zitadel = await startLocalZitadel(options);
  running.push(zitadel);
  return zitadel;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((zitadel) => zitadel.close()));
});

function client(zitadel: LocalZitadel, token: string | undefined, kind: "grpc" | "grpc-web" = "grpc") {
  const options = {
    baseUrl: zitadel.url,
    httpVersion: "2" as const,
    interceptors: token === undefined ? [] : [bearer(token)],
  };
  const transport: Transport = kind === "grpc" ? createGrpcTransport(options) : createGrpcWebTransport(options);
  return createClient(AuthService, transport);
}

function bearer(token: string): NonNullable<Parameters<typeof createGrpcTransport>[0]["interceptors"]>[number] {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

function search(zitadel: LocalZitadel, headers: Record<string, string>): Promise<Response> {
  const path = "/auth/v1/users/me/tokens/refresh/_search";
  return fetch(zitadel.url + path, { method: "POST", headers, body: "{}" });
}

describe("a local ZITADEL", () => {
  test("lists the same tokens over gRPC, gRPC-Web and REST", async () => {
    const zitadel = await start();
    const [user] = zitadel.users;
    const overGrpc = await client(zitadel, user.token).listMyRefreshTokens({});
    const overWeb = await client(zitadel, user.token, "grpc-web").listMyRefreshTokens({});
    const overRest = (await (await search(zitadel, { authorization: `Bearer ${user.token}` })).json()) as {
      result: { id: string }[];
    };
    expect(overGrpc.result).toHaveLength(6);
    expect(overWeb).toEqual(overGrpc);
    expect(overRest.result.map(({ id }) => id)).toEqual(overGrpc.result.map(({ id }) => id));
    expect(zitadel.requests.map(({ protocol, httpVersion }) => `${protocol} ${httpVersion}`)).toEqual([
      "grpc 2",
      "grpc-web 2",
      "rest 1.1",
    ]);
  });

  test("shows neither a token nor a cookie in its requests", async () => {
    const zitadel = await start();
    const [user] = zitadel.users;
    await search(zitadel, { authorization: `Bearer ${user.token}`, cookie: "secret=1" });
    expect(zitadel.requests[0]?.headers).toMatchObject({ authorization: "Bearer [redacted]", cookie: "[redacted]" });
    expect(JSON.stringify(zitadel.requests)).not.toContain(user.token);
  });

  test("closes at once with calls in flight, and twice without harm", async () => {
    const zitadel = await start({ faults: [{ kind: "hang", times: Infinity }] });
    const [user] = zitadel.users;
    const calls = [
      client(zitadel, user.token).listMyRefreshTokens({}),
      client(zitadel, user.token, "grpc-web").listMyRefreshTokens({}),
      search(zitadel, { authorization: `Bearer ${user.token}` }),
    ].map((call) =>
      call.then(
        () => "answered",
        () => "failed",
      ),
    );
    while (zitadel.requests.length < calls.length) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const begun = performance.now();
    await zitadel.close();
    await zitadel.close();
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(await Promise.all(calls)).toEqual(["failed", "failed", "failed"]);
  });

  test("says how a call without a token fails", async () => {
    const zitadel = await start();
    const error = ConnectError.from(
      await client(zitadel, undefined)
        .listMyRefreshTokens({})
        .catch((e: unknown) => e),
    );
    expect(error.code).toBe(Code.Unauthenticated);
    expect(error.rawMessage).toBe("auth header missing");
  });

  test("listens on loopback only, unless told otherwise in so many words", async () => {
    await expect(startLocalZitadel({ address: "0.0.0.0" })).rejects.toThrow("set allowRemote");
  });
});

test("the types of the entry do not need Node's", () => {
  const files = ["local-zitadel", "fault", "user", "local-request"];
  for (const file of files) {
    expect(readFileSync(`src/local/${file}.ts`, "utf8")).not.toMatch(/from "node:|Buffer|NodeJS/);
  }
});
