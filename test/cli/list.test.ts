import { describe, expect, test } from "@jest/globals";
import { createAuthClient, listSignIns, viewToJson } from "../../src/node.js";
import { runCli } from "./run-cli.js";
import { startLogin } from "./start-login.js";

const hourMs = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * hourMs);

const refreshTokens = [
  { id: "100000000000000001", clientId: "1@portal", changeDate: ago(3), scopes: ["openid", "offline_access"] },
  { id: "100000000000000002", clientId: "2@mobile", changeDate: ago(2) },
  { id: "100000000000000003", clientId: "2@mobile", userAgentId: "tablet", changeDate: ago(960), authTime: ago(1000) },
  { id: "100000000000000004", clientId: "3@notes", changeDate: ago(4), authTime: ago(2400) },
];

describe("list on a pipe", () => {
  test("prints a line a token, the last used first, with exact times and nothing shortened", async () => {
    const { env } = await startLogin({ refreshTokens });
    const { status, stdout, stderr } = await runCli(["list"], { env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const lines = stdout.split("\n").map((line) => line.split("\t"));
    expect(lines.pop()).toEqual([""]);
    expect(lines.map(([id, app, state]) => [id, app, state])).toEqual([
      ["100000000000000002", "2@mobile", "active"],
      ["100000000000000001", "1@portal", "active"],
      ["100000000000000004", "3@notes", "expired"],
      ["100000000000000003", "2@mobile", "idle-expired"],
    ]);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    for (const line of lines) expect(line.slice(3, 6)).toEqual([time, time, time]);
    expect(lines[1]?.[3]).toBe(refreshTokens[0]?.changeDate.toISOString());
    expect(lines[1]?.[6]).toBe("openid offline_access");
  });

  for (const [protocol, release] of [
    ["grpc", "4"],
    ["grpc-web", "2.44"],
    ["rest", "4"],
  ] as const) {
    test(`prints what the library returns with -o json, over ${protocol} of a ZITADEL ${release}`, async () => {
      const { zitadel, env } = await startLogin({ refreshTokens }, { release });
      const { status, stdout } = await runCli(["list", "-o", "json", "--protocol", protocol], { env });
      expect(status).toBe(0);
      await using auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0].token });
      expect(new Set(zitadel.requests.map((request) => request.protocol))).toEqual(new Set([protocol]));
      expect(JSON.parse(stdout)).toEqual(viewToJson(await listSignIns(auth)));
    });
  }

  test("prints ids with -o ids, of the wanted state and app", async () => {
    const { env } = await startLogin({ refreshTokens });
    const ids = async (...args: string[]) => (await runCli(["list", "-o", "ids", ...args], { env })).stdout.split("\n");
    const [one, two, three, four] = refreshTokens.map(({ id }) => id);
    expect(await ids()).toEqual([two, one, four, three, ""]);
    expect(await ids("--state", "active")).toEqual([two, one, ""]);
    expect(await ids("--state", "idle-expired", "--state", "expired")).toEqual([four, three, ""]);
    expect(await ids("--client-id", "2@mobile")).toEqual([two, three, ""]);
    expect(await ids("--client-id", "2@mobile", "--state", "active")).toEqual([two, ""]);
  });

  test("counts all tokens in JSON although a filter shows some", async () => {
    const { env } = await startLogin({ refreshTokens });
    const { stdout } = await runCli(["list", "-o", "json", "--state", "expired"], { env });
    expect(JSON.parse(stdout)).toMatchObject({
      tokens: { total: 4, truncated: false },
      signIns: [{ id: "100000000000000004" }],
    });
  });
});

describe("list says on standard error", () => {
  test("what an empty list means", async () => {
    const { env } = await startLogin({ refreshTokens: [] });
    const { status, stdout, stderr } = await runCli(["list", "-o", "table"], { env });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(stderr).toMatch(/^note: no refresh tokens, which does not mean no sign-ins: [^\n]+\n$/);
    // Measured: the next refresh works after the session has been ended.
    expect(stderr).toMatch(/Ending the session is not enough/);
  });

  test("that a filter leaves nothing", async () => {
    const { env } = await startLogin({ refreshTokens });
    for (const format of [[], ["-o", "ids"], ["-o", "table"]]) {
      const { stdout, stderr } = await runCli(["list", "--client-id", "nobody", ...format], { env });
      expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "note: none of 4 sign-ins passes the filter\n" });
    }
  });

  test("nothing to programs for which no line says enough", async () => {
    const { env } = await startLogin({ refreshTokens: [] });
    for (const format of ["ids", "tsv", "json"]) {
      expect(await runCli(["list", "-o", format], { env })).toMatchObject({ status: 0, stderr: "" });
    }
  });

  test("that ZITADEL cut the list", async () => {
    const many = Array.from({ length: 1_001 }, (_, index) => ({ userAgentId: `agent-${index}` }));
    const { env } = await startLogin({ refreshTokens: many });
    const { stdout, stderr } = await runCli(["list", "-o", "ids"], { env });
    expect(stdout.split("\n")).toHaveLength(1_001);
    expect(stderr).toBe("warning: 1000 of 1001 tokens were sent: ZITADEL lists no more\n");
  });

  test("nothing of a list as old as it gets on a quiet ZITADEL", async () => {
    const { env } = await startLogin({ refreshTokens }, { now: () => ago(3.5 / 60) });
    expect(await runCli(["list", "-o", "ids"], { env })).toMatchObject({ status: 0, stderr: "" });
  });

  test("that the list is old", async () => {
    const { env } = await startLogin({ refreshTokens }, { now: () => ago(3) });
    const { stderr } = await runCli(["list", "-o", "ids"], { env });
    expect(stderr).toBe(
      "warning: ZITADEL updated this list 3 hours ago: what was revoked or used since is not in it yet\n",
    );
  });

  test("attempts and timings with --verbose, but no token", async () => {
    const { zitadel, env } = await startLogin({ refreshTokens });
    zitadel.fail({ kind: "status", code: 14 });
    const { stdout, stderr } = await runCli(["list", "-o", "ids", "--verbose"], { env });
    expect(stdout.split("\n")).toHaveLength(5);
    const [target, first, second] = stderr.split("\n");
    expect(target).toBe(`grpc to ${zitadel.url}, token from ZITADEL_TOKEN`);
    expect(first).toMatch(/^grpc, attempt 1: Unavailable, \d+\.\d ms, 0 bytes$/);
    expect(second).toMatch(/^grpc, attempt 2: ok, \d+\.\d ms, [1-9]\d* bytes$/);
    expect(stderr).not.toContain(env.ZITADEL_TOKEN);
  });
});
