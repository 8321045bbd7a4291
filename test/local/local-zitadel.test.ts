import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";
import { certificate } from "../helpers/certificate.js";
import { start } from "./start-local.js";

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

  test("lets the process end once it is closed, whatever was in flight", async () => {
    const entry = new URL("../../src/testing.js", import.meta.url);
    const script = `
      import { startLocalZitadel } from ${JSON.stringify(entry.href)};
      const faults = [{ kind: "delay", ms: 600000 }, { kind: "hang" }, { kind: "hang", afterHeaders: true }];
      const zitadel = await startLocalZitadel({ faults });
      const call = () => fetch(zitadel.url + "/auth/v1/users/me/tokens/refresh/_search", { method: "POST" });
      const calls = [call(), call()].map((call) => call.catch(() => {}));
      while (zitadel.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      await zitadel.close();
      await Promise.all(calls);
      console.log("closed");
    `;
    const args = ["--input-type=module", "--eval", script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    expect(stdout).toBe("closed\n");
  }, 30_000);

  test("can be used with `await using`", async () => {
    let url = "";
    {
      await using zitadel = await startLocalZitadel();
      url = zitadel.url;
      expect((await fetch(`${url}/debug/healthz`)).status).toBe(200);
    }
    await expect(fetch(url)).rejects.toThrow();
  });

  test("frees its first port if it cannot have the second", async () => {
    const other = await start();
    const taken = Number(new URL(other.url).port);
    const second = await start();
    const { port } = new URL(second.url);
    await second.close();
    const options = { port: Number(port), tls: { ...certificate("server"), port: taken } };
    await expect(startLocalZitadel(options)).rejects.toThrow("EADDRINUSE");
    await start({ port: Number(port) });
  });

  test("leaves no port behind where the certificate is none", async () => {
    const free = await start();
    const port = Number(new URL(free.url).port);
    await free.close();
    await expect(startLocalZitadel({ port, tls: { key: "x", cert: "x" } })).rejects.toThrow();
    await start({ port });
  });

  test("refuses a release that it is not like", async () => {
    const release = "3.0" as unknown as "4";
    await expect(startLocalZitadel({ release })).rejects.toThrow('unknown release "3.0": use one of');
  });

  test("listens on loopback only, unless told otherwise in so many words", async () => {
    await expect(startLocalZitadel({ address: "0.0.0.0" })).rejects.toThrow("set allowRemote");
  });

  // Another address of this machine, which only Linux has by itself.
  (process.platform === "linux" ? test : test.skip)(
    "is not reached at another address, unless told so (needs Linux)",
    async () => {
      const knock = async (options: LocalZitadelOptions) => {
        const { port } = new URL((await start(options)).url);
        const answer = fetch(`http://127.0.0.2:${port}/debug/healthz`);
        return answer.then(
          ({ status }) => status,
          () => "refused",
        );
      };
      expect(await knock({})).toBe("refused");
      expect(await knock({ address: "0.0.0.0", allowRemote: true })).toBe(200);
    },
  );
});

test("its types do without Node's", async () => {
  // In build/, where the declarations find the packages that they import.
  const folder = mkdtempSync(resolve("build", "types-"));
  const tsc = (...args: string[]): Promise<unknown> =>
    promisify(execFile)(process.execPath, [resolve("node_modules/typescript/bin/tsc"), ...args]).catch((error) => {
      throw new Error(error.stdout);
    });
  try {
    await tsc("-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", folder);
    writeFileSync(
      join(folder, "user.ts"),
      `import { startLocalZitadel, type Fault } from "./src/testing.js";
       const fault: Fault = { kind: "delay", ms: 1 };
       export const token: Promise<string> = startLocalZitadel({ faults: [fault] }).then((z) => z.users[0].token);`,
    );
    const options = {
      module: "nodenext",
      strict: true,
      target: "es2022",
      lib: ["es2022", "dom"],
      types: [],
      noEmit: true,
      skipLibCheck: false,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["user.ts"] }));
    await tsc("-p", folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

for (const kind of ["grpc", "grpc-web"] as const) {
  test(`does not do over ${kind} what a client asked for that has gone`, async () => {
    const zitadel = await start({ faults: [{ kind: "delay", ms: 1_000 }] });
    const [user] = zitadel.users;
    const [{ id } = { id: "" }] = user.refreshTokens;
    const leaving = new AbortController();
    const call = client(zitadel, user.token, kind).revokeMyRefreshToken({ id }, { signal: leaving.signal });
    while (zitadel.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    leaving.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(user.refreshTokens.map((token) => token.id)).toContain(id);
  });
}
