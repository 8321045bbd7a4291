import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import type { LocalZitadel } from "../../src/testing.js";
import { errorAnswer, errorDetail, okAnswer } from "../faults/answers.js";
import { startAnswerServer } from "../helpers/answer-server.js";
import { noTerminal, runCli, runOnTerminal } from "./run-cli.js";
import { requestsReach, startLogin } from "./start-login.js";

const one = "100000000000000001";
const two = "100000000000000002";
const three = "100000000000000003";
const stranger = "999999999999999999";
// Of a browser that signed out: listed, and not to be revoked.
const gone = { id: "100000000000000004", clientId: "d", stale: true };
const user = { refreshTokens: [{ id: one }, { id: two, clientId: "b" }, { id: three, clientId: "c" }] };

const left = (zitadel: LocalZitadel) => zitadel.users[0].refreshTokens.map(({ id }) => id);

describe("revoke", () => {
  test("revokes those that are named, says of each what became of it, and counts gone ones as done", async () => {
    const { zitadel, env } = await startLogin({ refreshTokens: [...user.refreshTokens, gone] });
    const outcome = await runCli(["revoke", one, gone.id, three, one, "--yes"], { env });
    expect(outcome).toEqual({
      status: 0,
      stdout: `revoked ${one}\nrevoked ${three}\nalready gone ${gone.id}\n`,
      stderr: "",
    });
    expect(left(zitadel)).toEqual([two]);
  });

  test("fails for an id that is not the user's, as with a slip of the keyboard, and revokes the others", async () => {
    const { zitadel, env } = await startLogin(user);
    const typed = two.slice(0, -1);
    const { status, stdout, stderr } = await runCli(["revoke", one, typed, "--yes"], { env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: `revoked ${one}\nnot found ${typed}\n` });
    expect(stderr).toMatch(
      /^error: 10000000000000000 was not found among your tokens: compare with what list shows, [^\n]+\n$/,
    );
    expect(left(zitadel)).toEqual([two, three]);
    const forgiven = await runCli(["revoke", typed, "--yes", "--ignore-not-found"], { env });
    expect(forgiven).toEqual({ status: 0, stdout: `not found ${typed}\n`, stderr: "" });
  });

  test("keeps 4 for a refused token although an id is not found", async () => {
    const { zitadel, env } = await startLogin(user);
    zitadel.fail({ kind: "status", code: 7, id: "AUTHZ-Kl3p0", method: "RevokeMyRefreshToken" });
    const { status } = await runCli(["revoke", one, stranger, "--yes"], { env });
    expect(status).toBe(4);
  });

  for (const protocol of ["grpc-web", "rest"]) {
    test(`works over ${protocol}`, async () => {
      const { zitadel, env } = await startLogin(user);
      const { status, stdout } = await runCli(["revoke", "-y", two, "--protocol", protocol], { env });
      expect({ status, stdout, left: left(zitadel) }).toEqual({
        status: 0,
        stdout: `revoked ${two}\n`,
        left: [one, three],
      });
    });
  }

  test("takes ids from standard input", async () => {
    const { zitadel, env } = await startLogin(user);
    const { status, stdout } = await runCli(["revoke", "--yes", "-", three], { env, input: `\n${one}\r\n  ${two}\n` });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `revoked ${one}\nrevoked ${two}\nrevoked ${three}\n` });
    expect(left(zitadel)).toEqual([]);
  });

  test("has nothing to do for an empty standard input", async () => {
    const { zitadel, env } = await startLogin(user);
    const outcome = await runCli(["revoke", "--yes", "-"], { env });
    const stderr = "note: no ids on standard input: there is nothing to revoke\n";
    expect(outcome).toEqual({ status: 0, stdout: "", stderr });
    expect(zitadel.requests).toEqual([]);
  });

  test("goes on after a failure, and exits with 1", async () => {
    const { zitadel, env } = await startLogin(user);
    zitadel.fail({ kind: "status", code: 9, message: "not now", method: "RevokeMyRefreshToken" });
    const { status, stdout, stderr } = await runCli(["revoke", one, two, three, "--yes"], { env });
    expect(status).toBe(1);
    expect(stdout.split("\n")).toHaveLength(3);
    expect(stderr).toMatch(/^error: 10000000000000000\d: \[failed_precondition\] not now\n$/);
    zitadel.fail({ kind: "status", code: 7, id: "AUTHZ-Kl3p0", method: "RevokeMyRefreshToken", times: 2 });
    const refused = await runCli(["revoke", two, three, "--yes"], { env });
    expect(refused.stderr.match(/^hint: the session of this token lacks a factor/gm)).toHaveLength(1);
    expect(left(zitadel)).toHaveLength(1);
  });

  test("prints JSON with -o json", async () => {
    const { zitadel, env } = await startLogin(user);
    zitadel.fail({ kind: "status", code: 7, message: "no\u009b", id: "AUTHZ-Kl3p0", method: "RevokeMyRefreshToken" });
    const { status, stdout } = await runCli(["revoke", one, "--yes", "-o", "json"], { env });
    expect(status).toBe(4);
    expect(JSON.parse(stdout)).toEqual({
      revoked: [],
      alreadyGone: [],
      notFound: [],
      failed: [{ id: one, code: "PermissionDenied", message: "no\u009b (AUTHZ-Kl3p0)", errorId: "AUTHZ-Kl3p0" }],
    });
    expect(stdout).not.toContain("\u009b");
    const { stdout: again } = await runCli(["revoke", one, stranger, "--yes", "-o", "json"], { env });
    expect(JSON.parse(again)).toEqual({ revoked: [one], alreadyGone: [], notFound: [stranger], failed: [] });
  });

  test("exits with 4 if the token is refused", async () => {
    const { zitadel, env } = await startLogin(user);
    const ended = { ...env, ZITADEL_TOKEN: zitadel.users[0].tokens.expired };
    const { status, stdout, stderr } = await runCli(["revoke", one, two, "--yes"], { env: ended });
    expect({ status, stdout }).toEqual({ status: 4, stdout: "" });
    expect(stderr).toMatch(
      /^error: \[unauthenticated\] Errors\.Token\.Invalid \(AUTH-7fs1e\)\nhint: the token is expired, /,
    );
    expect(left(zitadel)).toHaveLength(3);
  });

  test("revokes all of them although nobody reads what it says", async () => {
    const { zitadel, env } = await startLogin(user);
    const outcome = await runCli(["revoke", one, two, "--yes"], {
      env,
      started: ({ stdout }) => void stdout.destroy(),
    });
    expect(outcome).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(left(zitadel)).toEqual([three]);
  });

  test("says with --dry-run which are listed, and revokes none", async () => {
    const { zitadel, env } = await startLogin(user);
    const outcome = await runCli(["revoke", stranger, two, "--dry-run"], { env });
    expect(outcome).toEqual({ status: 0, stdout: `would revoke ${two}\nnot listed ${stranger}\n`, stderr: "" });
    const { stdout } = await runCli(["revoke", stranger, two, "--dry-run", "-o", "json"], { env });
    expect(JSON.parse(stdout)).toEqual({ wouldRevoke: [two], notListed: [stranger] });
    expect(left(zitadel)).toHaveLength(3);
  });

  test("says what was done when it is interrupted, and exits with 130", async () => {
    const { zitadel, env } = await startLogin(user);
    zitadel.fail({ kind: "hang", method: "RevokeMyRefreshToken", skip: 1 });
    const { status, stdout, stderr } = await runCli(["revoke", one, two, three, "--yes", "--verbose"], {
      env,
      started: async (child) => {
        let said = "";
        child.stderr.on("data", (text: string) => (said += text));
        await requestsReach(zitadel, 3);
        // That of the list, and that of the first revoke.
        while (said.split("attempt 1: ok").length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
        child.kill("SIGINT");
      },
    });
    expect({ status, stdout }).toEqual({ status: 130, stdout: expect.stringMatching(/^revoked \d{18}\n$/) });
    expect(stderr.match(/^error: \d{18}: \[canceled\] the caller canceled the call$/gm)).toHaveLength(2);
    expect(stderr).toMatch(/^warning: what got no answer may have been revoked all the same: list shows/m);
  });

  for (const [name, args, input, said] of [
    ["no id", ["revoke", "--yes"], "", /no ids: pass those that list shows/],
    ["no terminal and no --yes", ["revoke", one], "", /there is no terminal to ask on: pass --yes/],
    ["ids from a pipe and no --yes", ["revoke", "-"], one, /there is no terminal to ask on: pass --yes/],
    ["a table as ids", ["revoke", "-", "--yes"], `${one} app active\n`, /standard input must hold one id a line/],
    [
      "letters as an id",
      ["revoke", "abc", one, "--yes"],
      "",
      /"abc" is no id of a refresh token: it is a number of 18/,
    ],
    ["an id of an OIDC session", ["revoke", `rt_${one}`, "--yes"], "", /ids with rt_ are of OIDC sessions/],
    ["two inputs", ["revoke", "-", "--yes", "--token-file", "-"], one, /standard input can be read once/],
    ["an empty id", ["revoke", "", "--yes"], "", /"" is no id of a refresh token/],
    ["an id that REST would take for a path", ["revoke", "a/b", "--yes"], "", /no id of a refresh token/],
    ["an unknown format", ["revoke", one, "--yes", "-o", "ids"], "", /--output must be one of text, json/],
  ] as const) {
    test(`with ${name} is wrong usage, and revokes nothing`, async () => {
      const { zitadel, env } = await startLogin(user);
      const { status, stdout, stderr } = await runCli(args, { env, input });
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(said);
      expect({ left: left(zitadel).length, requests: zitadel.requests }).toEqual({ left: 3, requests: [] });
    });
  }
});

describe("a revoke whose first answer is lost, and which finds nothing on the repeat,", () => {
  // In the list that the server gives; and a slip of the keyboard, or a token of somebody else's that lives on.
  const listed = "324567890123456789";
  const unlisted = "324567890123456788";

  /** A server of which nobody can know whether it revoked what it was asked for when it answered Unavailable. */
  const startUncertain = () => {
    const asked = new Set<string>();
    return startAnswerServer("grpc", ({ path, body }) => {
      if (path.endsWith("/ListMyRefreshTokens")) return okAnswer("grpc");
      const isAll = path.endsWith("/RevokeAllMyRefreshTokens");
      const what = path + body.toString("hex");
      if (!asked.has(what)) {
        asked.add(what);
        return errorAnswer("grpc", Code.Unavailable);
      }
      return isAll
        ? errorAnswer("grpc", Code.InvalidArgument, { details: [errorDetail("COMMAND-Gfj42", "ID missing")] })
        : errorAnswer("grpc", Code.NotFound, { details: [errorDetail("COMMAND-BHt2w", "not found")] });
    });
  };
  const run = async (...args: string[]) => {
    await using server = await startUncertain();
    return await runCli([...args, "--yes"], { env: { ZITADEL_URL: server.baseUrl, ZITADEL_TOKEN: "a-token" } });
  };
  const note = "note: what is already gone may have been revoked by an attempt before, whose answer was lost\n";

  test("is no success where the id is not listed", async () => {
    const { status, stdout, stderr } = await run("revoke", unlisted);
    expect({ status, stdout }).toEqual({ status: 1, stdout: `not found ${unlisted}\n` });
    expect(stderr).toMatch(
      /^error: \d{18} was not found; an attempt before may have revoked it: compare with [^\n]+\n$/,
    );
  });

  test("is one where that is no failure", async () => {
    const outcome = await run("revoke", unlisted, "--ignore-not-found");
    expect(outcome).toEqual({ status: 0, stdout: `not found ${unlisted}\n`, stderr: "" });
  });

  test("is one where the token was listed: it is gone, whoever revoked it", async () => {
    const outcome = await run("revoke", listed);
    expect(outcome).toEqual({ status: 0, stdout: `already gone ${listed}\n`, stderr: note });
  });

  test("says so in JSON too", async () => {
    const { status, stdout } = await run("revoke", listed, unlisted, "-o", "json");
    expect({ status, json: JSON.parse(stdout) }).toEqual({
      status: 1,
      json: {
        revoked: [],
        alreadyGone: [listed],
        notFound: [unlisted],
        failed: [],
        maybeRevoked: [listed, unlisted],
      },
    });
  });

  test("is a success of revoke-all, whose tokens were listed", async () => {
    const { status, stdout, stderr } = await run("revoke-all");
    expect({ status, stdout }).toEqual({ status: 0, stdout: `already gone ${listed}\n` });
    expect(stderr.endsWith(note)).toBe(true);
  });
});

describe("revoke-all", () => {
  const note = (what: string, url: string) => `note: this revokes ${what} at ${url}, this login's included`;

  test("revokes all in one call, and says how many before", async () => {
    const { zitadel, env } = await startLogin(user);
    const { status, stdout, stderr } = await runCli(["revoke-all", "--yes"], { env });
    expect({ status, lines: stdout.split("\n").sort() }).toEqual({
      status: 0,
      lines: ["", `revoked ${one}`, `revoked ${two}`, `revoked ${three}`],
    });
    expect(stderr).toBe(`${note("all 3 refresh tokens", zitadel.url)}: every app has to sign in again\n`);
    expect(left(zitadel)).toEqual([]);
    expect(zitadel.requests.map(({ path }) => path.split("/").at(-1))).toEqual([
      "ListMyRefreshTokens",
      "RevokeAllMyRefreshTokens",
    ]);
  });

  for (const except of [
    ["--except", one, "--except", three],
    ["--except", one, three],
  ]) {
    test(`keeps those of ${except.join(" ")}`, async () => {
      const { zitadel, env } = await startLogin(user);
      const { status, stdout, stderr } = await runCli(["revoke-all", "--yes", ...except], { env });
      expect({ status, stdout }).toEqual({ status: 0, stdout: `revoked ${two}\n` });
      expect(stderr).toBe(`${note("1 of 3 refresh tokens", zitadel.url)} unless it is excepted\n`);
      expect(left(zitadel)).toEqual([one, three]);
    });
  }

  test("revokes nothing if what is to be kept is not listed, as with a slip of the keyboard", async () => {
    const { zitadel, env } = await startLogin(user);
    const { status, stdout, stderr } = await runCli(["revoke-all", "--yes", "--except", stranger], { env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    const said = `error: --except ${stranger} is not among the 3 refresh tokens that ZITADEL lists: nothing was revoked\n`;
    expect(stderr).toBe(said);
    expect(left(zitadel)).toHaveLength(3);
  });

  test("revokes the others one by one if a listed one is gone", async () => {
    const { zitadel, env } = await startLogin({
      refreshTokens: [{ id: one }, { id: two, clientId: "b", stale: true }],
    });
    const { status, stdout } = await runCli(["revoke-all", "--yes"], { env });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `revoked ${one}\nalready gone ${two}\n` });
    expect(left(zitadel)).not.toContain(one);
  });

  test("is done if somebody else revoked all in between", async () => {
    const { zitadel, env } = await startLogin({ refreshTokens: [{ id: one }] });
    const id = "COMMAND-Gfj42";
    zitadel.fail({ kind: "status", code: 3, message: "ID missing", id, method: "RevokeAllMyRefreshTokens" });
    const { status, stdout } = await runCli(["revoke-all", "--yes"], { env });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `already gone ${one}\n` });
  });

  test("fails if ZITADEL does", async () => {
    const { zitadel, env } = await startLogin(user);
    zitadel.fail({ kind: "status", code: 13, message: "db connection error", method: "RevokeAllMyRefreshTokens" });
    const { status, stdout, stderr } = await runCli(["revoke-all", "--yes"], { env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("error: [internal] db connection error\n");
  });

  for (const [name, interrupt] of [
    ["is interrupted", true],
    ["runs out of time", false],
  ] as const) {
    test(`says that it may have happened if it ${name}`, async () => {
      const { zitadel, env } = await startLogin(user);
      zitadel.fail({ kind: "hang", method: "RevokeAllMyRefreshTokens", times: Number.POSITIVE_INFINITY });
      const args = ["revoke-all", "--yes", "--timeout", interrupt ? "60s" : "1s"];
      const { status, stderr } = await runCli(args, {
        env,
        started: async (child) => {
          await requestsReach(zitadel, 2);
          if (interrupt) child.kill("SIGINT");
        },
      });
      expect(status).toBe(interrupt ? 130 : 1);
      expect(stderr).toMatch(/^warning: what got no answer may have been revoked all the same: list shows/m);
    });
  }

  for (const [what, fault] of [
    ["was cut", { kind: "truncated", bytes: 0 }],
    ["was a proxy's", { kind: "html", status: 504 }],
  ] as const) {
    test(`says that it may have happened if the answer ${what}`, async () => {
      const { zitadel, env } = await startLogin(user);
      zitadel.fail({ ...fault, method: "RevokeAllMyRefreshTokens", times: Number.POSITIVE_INFINITY });
      const { status, stderr } = await runCli(["revoke-all", "--yes", "--timeout", "1s"], { env });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^warning: what got no answer may have been revoked all the same: list shows/m);
    });
  }

  test("has nothing to do without tokens", async () => {
    const { env } = await startLogin({ refreshTokens: [] });
    const outcome = await runCli(["revoke-all", "--yes"], { env });
    expect(outcome).toEqual({ status: 0, stdout: "", stderr: "note: there is nothing to revoke\n" });
  });

  test("says with --dry-run which it would revoke, and revokes none", async () => {
    const { zitadel, env } = await startLogin(user);
    const { status, stdout } = await runCli(["revoke-all", "--dry-run", "--except", two, "-o", "json"], { env });
    expect(status).toBe(0);
    expect(JSON.parse(stdout).wouldRevoke.sort()).toEqual([one, three]);
    expect(left(zitadel)).toHaveLength(3);
  });

  for (const [name, args] of [
    ["no terminal and no --yes", ["revoke-all"]],
    ["ids without --except", ["revoke-all", one, "--yes"]],
    ["letters as an id to keep", ["revoke-all", "--except", "abc", "--yes"]],
  ] as const) {
    test(`with ${name} is wrong usage, and revokes nothing`, async () => {
      const { zitadel, env } = await startLogin(user);
      const { status, stdout } = await runCli(args, { env });
      expect({ status, stdout, left: left(zitadel).length }).toEqual({ status: 2, stdout: "", left: 3 });
    });
  }
});

const describeOnTerminal = noTerminal ? describe.skip : describe;

describeOnTerminal(noTerminal ? `on a terminal (${noTerminal})` : "on a terminal", () => {
  const run = (args: string[], env: Record<string, string>, answer: string) =>
    runOnTerminal(args, {
      env,
      started: async (child) => {
        let seen = "";
        child.stdout.on("data", (text: string) => (seen += text));
        while (!seen.includes("[y/N] ")) await new Promise((resolve) => setTimeout(resolve, 10));
        child.stdin.write(answer);
      },
    });

  for (const args of [
    ["revoke", "-"],
    ["revoke", one, "--token-file", "-"],
    ["revoke-all", "--token-file", "-"],
  ]) {
    test(`${args.join(" ")} does not read first what it would ask on`, async () => {
      const { env } = await startLogin(user);
      const { status, stdout } = await runOnTerminal(args, { env });
      expect(status).toBe(2);
      expect(stdout).toContain("- reads standard input to its end, so that none is left to ask on: pass --yes");
    });
  }

  for (const answer of ["y\n", "YES\n"]) {
    test(`revoke revokes after ${JSON.stringify(answer)}`, async () => {
      const { zitadel, env } = await startLogin(user);
      const { status, stdout } = await run(["revoke", one, two], env, answer);
      const question = `Revoke 2 refresh tokens at ${zitadel.url}? [y/N] `;
      expect({ status, stdout }).toEqual({ status: 0, stdout: `${question}revoked ${one}\nrevoked ${two}\n` });
      expect(left(zitadel)).toEqual([three]);
    });
  }

  for (const [name, answer, exitCode] of [
    ["n", "n\n", 1],
    ["nothing", "\n", 1],
    ["an id", `${one}\n`, 1],
    ["Ctrl+D", "\u0004", 1],
    ["Ctrl+C", "\u0003", 130],
  ] as const) {
    test(`revoke-all revokes nothing after ${name}`, async () => {
      const { zitadel, env } = await startLogin(user);
      const { status, stdout } = await run(["revoke-all"], { ...env, NO_COLOR: "1" }, answer);
      const question = `this revokes all 3 refresh tokens at ${zitadel.url}, this login's included: every app has to sign in again. Go on? [y/N] `;
      expect(stdout.startsWith(question)).toBe(true);
      expect(stdout.endsWith("error: nothing was done\n")).toBe(exitCode === 1);
      expect({ status, left: left(zitadel).length }).toEqual({ status: exitCode, left: 3 });
    });
  }
});
