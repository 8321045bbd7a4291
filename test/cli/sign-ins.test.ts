import { describe, expect, test } from "@jest/globals";
import type { LocalUserOptions, LocalZitadel } from "../../src/testing.js";
import { noTerminal, runCli, runOnTerminal } from "./run-cli.js";
import { startCurrentLogin } from "./start-login.js";

const minuteMs = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * minuteMs);

const laptop = { id: "100000000000000001", userAgent: { fingerprintId: "laptop", description: "Firefox, Linux" } };
const phone = { id: "100000000000000002", userAgent: { ip: "192.0.2.7", description: "Safari, iPhone" } };
const user: LocalUserOptions = {
  sessions: [
    { ...laptop, creationDate: ago(3) },
    { ...phone, creationDate: ago(90) },
    { id: "100000000000000003", creationDate: ago(5), factors: {} },
  ],
  refreshTokens: [{ id: "200000000000000001", clientId: "320010000000000011", changeDate: ago(30) }],
};
const start = () => startCurrentLogin(user);
const left = ({ users: [{ sessions, refreshTokens }] }: LocalZitadel) =>
  [...sessions, ...refreshTokens].map(({ id }) => id);

describe("list on a ZITADEL with sessions", () => {
  test("prints a table of both kinds, the last active first, with the one in use named", async () => {
    const { env } = await start();
    const { status, stdout, stderr } = await runCli(["list", "-o", "table"], { env });
    expect(status).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/ {2,}/).slice(0, 6));
    expect(lines).toEqual([
      ["ID", "KIND", "DEVICE OR APP", "ADDRESS", "STATE", "LAST ACTIVE"],
      ["100000000000000001", "current session", "Firefox on Linux", "-", "active", "3 minutes ago"],
      ["100000000000000003", "session", "unknown device", "-", "unfinished", "5 minutes ago"],
      ["200000000000000001", "refresh token", "320010000000000011", "-", "active", "30 minutes ago"],
      ["100000000000000002", "session", "Safari on iPhone", "192.0.2.7", "active", "1 hour ago"],
    ]);
    expect(stderr).toMatch(/^note: apps with offline access may stay signed in beside these: [^\n]+\n$/);
  });

  test("prints lines for programs: nothing shortened, exact times, no note", async () => {
    const { env } = await start();
    const { stdout, stderr } = await runCli(["list"], { env });
    expect(stderr).toBe("");
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(rows[3]).toEqual(["100000000000000002", "session", "Safari on iPhone", "192.0.2.7", "active", time, time]);
  });

  test("filters ids", async () => {
    const { env } = await start();
    const ids = async (...args: string[]) =>
      (await runCli(["list", "-o", "ids", ...args], { env })).stdout.trim().split("\n");
    expect(await ids("--state", "unfinished")).toEqual(["100000000000000003"]);
    expect(await ids("--client-id", "320010000000000011")).toEqual(["200000000000000001"]);
  });

  test("takes the word of --current, of a token that tells nothing", async () => {
    const { zitadel, env } = await start();
    const personal = { ...env, ZITADEL_TOKEN: zitadel.users[0].tokens.personal };
    const kinds = async (...args: string[]) =>
      (await runCli(["list", ...args], { env: personal })).stdout
        .trim()
        .split("\n")
        .map((line) => line.split("\t")[1]);
    expect(await kinds()).not.toContain("current session");
    expect((await kinds("--current", phone.id))[3]).toBe("current session");
  });
});

describe("end", () => {
  test("ends both kinds by their ids, and says what became of each", async () => {
    const { zitadel, env } = await start();
    const ids = ["200000000000000001", phone.id];
    const { status, stdout } = await runCli(["end", "--yes", ...ids], { env });
    expect({ status, stdout }).toEqual({ status: 0, stdout: ids.map((id) => `ended ${id}\n`).join("") });
    expect(left(zitadel)).toEqual([laptop.id, "100000000000000003"]);
  });

  test("--others keeps the one in use, and what --keep names", async () => {
    const { zitadel, env } = await start();
    const { status, stdout } = await runCli(["end", "--others", "--keep", phone.id, "--yes", "-o", "json"], { env });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ended: ["100000000000000003", "200000000000000001"],
      alreadyGone: [],
      notFound: [],
      failed: [],
    });
    expect(left(zitadel)).toEqual([laptop.id, phone.id]);
  });

  test("--others refuses where nobody knows which one is in use", async () => {
    const { zitadel, env } = await start();
    const personal = { ...env, ZITADEL_TOKEN: zitadel.users[0].tokens.personal };
    const { status, stdout, stderr } = await runCli(["end", "--others", "--yes"], { env: personal });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^error: ZITADEL does not tell which sign-in is the one in use: name it by --current/);
    expect(left(zitadel)).toHaveLength(4);
    const told = await runCli(["end", "--others", "--yes", "--current", phone.id], { env: personal });
    expect(told.status).toBe(0);
    expect(left(zitadel)).toEqual([phone.id]);
  });

  test("an id that is not listed is not found, and the others end all the same", async () => {
    const { zitadel, env } = await start();
    const { status, stdout, stderr } = await runCli(["end", "--yes", "999999999999999999", phone.id], { env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: `ended ${phone.id}\nnot found 999999999999999999\n` });
    expect(stderr).toContain("error: what is not found is not among your sign-ins");
    expect(left(zitadel)).toHaveLength(3);
  });

  test("--dry-run ends nothing", async () => {
    const { zitadel, env } = await start();
    const { status, stdout } = await runCli(["end", "--others", "--dry-run"], { env });
    expect(status).toBe(0);
    expect(stdout).toBe("would end 100000000000000003\nwould end 200000000000000001\nwould end 100000000000000002\n");
    expect(left(zitadel)).toHaveLength(4);
  });

  for (const [args, said] of [
    [["end"], "no ids"],
    [["end", phone.id], "no terminal to ask on"],
    [["end", "--keep", phone.id], "--keep is for --others"],
    [["end", "nonsense", "--yes"], "is no id"],
  ] as const) {
    test(`${args.join(" ")} is wrong usage: ${said}`, async () => {
      const { zitadel, env } = await start();
      const { status, stderr } = await runCli(args, { env });
      expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(said) });
      expect(zitadel.requests).toHaveLength(0);
    });
  }

  const onTerminal = noTerminal ? test.skip : test;
  onTerminal(`asks by device and last use${noTerminal ? ` (${noTerminal})` : ""}`, async () => {
    const { zitadel, env } = await start();
    const run = (input: string) => runOnTerminal(["end", phone.id], { env: { ...env, NO_COLOR: "1" }, input });
    const no = await run("n\n");
    expect(no.stdout).toContain(
      `End session ${phone.id} (Safari on iPhone, last active 1 hour ago) at ${zitadel.url}?`,
    );
    expect(no.status).toBe(1);
    expect(left(zitadel)).toHaveLength(4);
    const yes = await run("y\n");
    expect(yes.status).toBe(0);
    expect(left(zitadel)).toHaveLength(3);
  });
});
