import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { createServerTransport } from "@zitadel/client/node";
import { createAuthServiceClient } from "@zitadel/client/v1";
import { createClientTransport } from "@zitadel/client/web";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import type { LocalZitadel } from "../../src/testing.js";
import { ca, certificate } from "../helpers/certificate.js";
import { call, grpcJs, list, listError } from "./grpc-js-client.js";
import { start } from "./start-local.js";

const { revokeMyRefreshToken, revokeAllMyRefreshTokens } = AuthService.method;

function idsOf(zitadel: LocalZitadel): string[] {
  return zitadel.users[0].refreshTokens.map(({ id }) => id).sort();
}

describe("@grpc/grpc-js", () => {
  test("lists, revokes, and revokes all", async () => {
    const zitadel = await start();
    const [user] = zitadel.users;
    const client = grpcJs(zitadel.url);
    const headers = { authorization: `Bearer ${user.token}` };
    const { result } = await list(client, user.token);
    expect(result.map(({ id }) => id).sort()).toEqual(idsOf(zitadel));
    const id = result[0]?.id ?? "";
    const { details } = await call(client, revokeMyRefreshToken, { id }, headers);
    expect(details?.creationDate).toBeUndefined();
    await call(client, revokeAllMyRefreshTokens, {}, headers);
    expect((await list(client, user.token)).result).toEqual([]);
  });

  test("reads the error of a bad token", async () => {
    const zitadel = await start();
    const error = await listError(grpcJs(zitadel.url), "nobody's");
    expect(error).toMatchObject({ code: 16, details: "Errors.Token.Invalid (AUTH-7fs1e)" });
    expect(String(error.metadata.get("grpc-status-details-bin")[0])).toContain("AUTH-7fs1e");
  });

  test("lists over TLS", async () => {
    const zitadel = await start({ tls: certificate("server") });
    // By name: grpc-js asks for the address as a server name, which Node 26 refuses.
    const url = zitadel.tlsUrl?.replace("127.0.0.1", "localhost") ?? "";
    const { result } = await list(grpcJs(url, { ca }), zitadel.users[0].token);
    expect(result).toHaveLength(6);
  });
});

describe("@zitadel/client", () => {
  for (const [name, createTransport] of [
    ["gRPC", (token: string, baseUrl: string) => createServerTransport(token, { baseUrl })],
    ["gRPC-Web", (token: string, baseUrl: string) => createClientTransport(token, { baseUrl })],
  ] as const) {
    test(`lists and revokes over ${name}`, async () => {
      const zitadel = await start();
      const auth = createAuthServiceClient(createTransport(zitadel.users[0].token, zitadel.url));
      const { result, details } = await auth.listMyRefreshTokens({});
      expect(result.map(({ id }) => id).sort()).toEqual(idsOf(zitadel));
      expect(details?.totalResult).toBe(6n);
      await auth.revokeMyRefreshToken({ id: result[0]?.id ?? "" });
      expect(idsOf(zitadel)).toHaveLength(5);
    });

    test(`reads the error of a revoke in vain over ${name}`, async () => {
      const zitadel = await start();
      const auth = createAuthServiceClient(createTransport(zitadel.users[0].token, zitadel.url));
      const error = ConnectError.from(await auth.revokeMyRefreshToken({ id: "1" }).catch((e: unknown) => e));
      expect(error.code).toBe(Code.NotFound);
      expect(error.rawMessage).toBe("Refresh Token not found (COMMAND-BHt2w)");
    });
  }
});

describe("buf curl", () => {
  /** The token goes into a file: a command line can be read by every process. */
  async function bufCurl(zitadel: LocalZitadel, protocol: string, method: string, data: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "buf-curl-"));
    try {
      const headers = join(folder, "headers");
      writeFileSync(headers, `authorization: Bearer ${zitadel.users[0].token}\n`, { mode: 0o600 });
      const url = `${zitadel.url}/zitadel.auth.v1.AuthService/${method}`;
      const flags = ["curl", "--schema", "proto", "--protocol", protocol, "-H", `@${headers}`, "-d", data, url];
      const { stdout } = await promisify(execFile)(join("node_modules", ".bin", "buf"), flags);
      return stdout;
    } catch (error) {
      return `exit ${(error as { code: number }).code}: ${(error as { stderr: string }).stderr}`;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  for (const protocol of ["grpc", "grpcweb"]) {
    test(`lists over ${protocol}`, async () => {
      const zitadel = await start();
      const { result } = JSON.parse(await bufCurl(zitadel, protocol, "ListMyRefreshTokens", "{}"));
      expect(result.map(({ id }: { id: string }) => id).sort()).toEqual(idsOf(zitadel));
    }, 30_000);

    test(`reads an error over ${protocol}`, async () => {
      const zitadel = await start();
      const said = await bufCurl(zitadel, protocol, "RevokeMyRefreshToken", '{"id":"1"}');
      // buf's exit code is the gRPC code times eight.
      expect(said).toMatch(/^exit 40: .*not_found.*Refresh Token not found \(COMMAND-BHt2w\)/s);
    }, 30_000);
  }

  test("finds no Connect protocol", async () => {
    const zitadel = await start();
    expect(await bufCurl(zitadel, "connect", "ListMyRefreshTokens", "{}")).toMatch(/^exit 96: .*unimplemented/s);
  }, 30_000);
});
