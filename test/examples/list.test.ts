import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { createAuthClient } from "../../src/node.js";
import { type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";

const demo = fileURLToPath(new URL("../../examples/list.js", import.meta.url));
const canary = "canary-token-of-nobody";

/** Runs what `npm start` runs. */
async function runDemo(variables: Record<string, string>, ...args: string[]) {
  const { ZITADEL_URL: _url, ZITADEL_TOKEN: _token, ZITADEL_TOKEN_FILE: _file, ...env } = process.env;
  const child = spawn(process.execPath, [demo, ...args], { env: { ...env, ...variables } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [status] = await once(child, "close");
  return { status, stdout, stderr };
}

const tableOf = (stdout: string) => stdout.split("\n").map((line) => line.split(/ {2,}/));

describe("npm start", () => {
  test("lists a demo user's tokens on a local ZITADEL over three protocols", async () => {
    const { status, stdout, stderr } = await runDemo({});
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [title, blank, head, ...rows] = tableOf(stdout);
    expect(title?.[0]).toMatch(/^A local ZITADEL, in memory, at http:\/\/127\.0\.0\.1:\d+$/);
    expect(blank).toEqual([""]);
    expect(head).toEqual(["ID", "APP", "SIGNED IN (UTC)", "LAST USED", "USABLE UNTIL", "STATE", "SCOPES"]);
    const tokens = rows.slice(0, 6);
    for (const [id, app, signedIn, lastUsed, usableUntil, state, scopes] of tokens) {
      expect([id, app]).toEqual([expect.stringMatching(/^\d{18}$/), expect.stringMatching(/^\d{18}$/)]);
      for (const time of [signedIn, lastUsed, usableUntil]) expect(time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
      expect(["active", "idle-expired", "expired"]).toContain(state);
      expect(scopes).toMatch(/^openid /);
    }
    const states = tokens.map((cells) => cells[5]);
    expect(states.filter((state) => state === "idle-expired")).toHaveLength(1);
    expect(states.filter((state) => state === "expired")).toHaveLength(1);
    const lastUses = tokens.map((cells) => cells[3] as string);
    expect(lastUses).toEqual([...lastUses].sort().reverse());
    expect(rows.slice(6)).toEqual([
      [""],
      ["The same answer over 3 protocols:"],
      ["gRPC", "application/grpc", expect.stringMatching(/^\d+\.\d ms$/), expect.stringMatching(/^\d{3,} bytes$/)],
      [
        "gRPC-Web",
        "application/grpc-web+proto",
        expect.stringMatching(/ ms$/),
        expect.stringMatching(/^\d{3,} bytes$/),
      ],
      ["REST", "application/json", expect.stringMatching(/ ms$/), expect.stringMatching(/^\d{3,} bytes$/)],
      [""],
      ["As a page: npx . serve --open. As a command: npx . --help"],
      [""],
    ]);
  });

  const listing = async (options: LocalZitadelOptions) => {
    await using zitadel = await startLocalZitadel(options);
    return await runDemo({ ZITADEL_URL: zitadel.url, ZITADEL_TOKEN: zitadel.users[0].token });
  };

  test("lists from the instance that the environment names, with the token of a file", async () => {
    await using zitadel = await startLocalZitadel({
      users: [{ refreshTokens: [{ id: "100000000000000001", clientId: "my-app", authTime: "2020-01-01T12:00:00Z" }] }],
    });
    const folder = mkdtempSync(join(tmpdir(), "demo-"));
    try {
      writeFileSync(join(folder, "token"), `${zitadel.users[0].token}\n`);
      const variables = { ZITADEL_URL: zitadel.url, ZITADEL_TOKEN_FILE: join(folder, "token") };
      const { status, stdout } = await runDemo(variables);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^100000000000000001 {2}my-app {2}2020-01-01 12:00 .* expired /m);
      expect(stdout).toContain(`ZITADEL at ${zitadel.url}`);
      expect(zitadel.requests.map((request) => request.protocol)).toEqual(["grpc", "grpc-web", "rest"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("says what an empty list means", async () => {
    const { status, stdout } = await listing({ users: [{ refreshTokens: [] }] });
    expect(status).toBe(0);
    expect(stdout).toContain("No refresh tokens. That does not mean no sign-ins");
  });

  test("says when the list was cut", async () => {
    const refreshTokens = Array.from({ length: 1_001 }, (_, index) => ({ userAgentId: `agent-${index}` }));
    const { stdout } = await listing({ users: [{ refreshTokens }] });
    expect(stdout).toContain("1000 of 1001 tokens are shown");
  });

  test("shows what steers a terminal instead of sending it there", async () => {
    const { stdout } = await listing({ users: [{ refreshTokens: [{ clientId: "\u001b[2Japp\u202e" }] }] });
    expect(stdout).toContain(String.raw`\u{1b}[2Japp\u{202e}`);
    expect(stdout).not.toContain("\u001b");
  });

  test("fails where the three answers differ", async () => {
    await using zitadel = await startLocalZitadel({
      faults: [{ kind: "delay", ms: 1_000, method: "ListMyRefreshTokens", skip: 2 }],
    });
    const running = runDemo({ ZITADEL_URL: zitadel.url, ZITADEL_TOKEN: zitadel.users[0].token });
    while (zitadel.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    // The third list waits; the first two have been answered.
    await using auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0].token });
    await auth.revokeMyRefreshToken({ id: zitadel.users[0].refreshTokens[0]?.id ?? "" });
    const said = "gRPC and REST gave different lists: did a token change? Try again\n";
    expect(await running).toEqual({ status: 1, stdout: "", stderr: said });
  });
});

describe("npm start fails with one line, and prints nothing else", () => {
  const dead = "http://127.0.0.1:9";
  for (const [name, status, variables, said] of [
    ["no token", 2, { ZITADEL_URL: dead }, /set ZITADEL_TOKEN or ZITADEL_TOKEN_FILE$/],
    ["a token but no URL", 2, { ZITADEL_TOKEN: canary }, /set ZITADEL_URL/],
    ["not a URL", 1, { ZITADEL_URL: "zitadel", ZITADEL_TOKEN: canary }, /^baseUrl is not an absolute URL/],
    ["a URL with credentials", 1, { ZITADEL_URL: "https://u:p@h.example", ZITADEL_TOKEN: canary }, /credentials/],
    ["a URL with a query", 1, { ZITADEL_URL: "https://h.example?a", ZITADEL_TOKEN: canary }, /query/],
    ["a URL with a hash", 1, { ZITADEL_URL: "https://h.example#a", ZITADEL_TOKEN: canary }, /hash/],
    ["cleartext to elsewhere", 1, { ZITADEL_URL: "http://h.example", ZITADEL_TOKEN: canary }, /https:/],
    ["a token of two lines", 1, { ZITADEL_URL: dead, ZITADEL_TOKEN: `${canary}\n${canary}` }, /one line/],
    ["no token file", 1, { ZITADEL_URL: dead, ZITADEL_TOKEN_FILE: "/no/such" }, /TOKEN_FILE cannot be read \(ENOENT\)/],
    ["nothing listening", 1, { ZITADEL_URL: dead, ZITADEL_TOKEN: canary }, /^gRPC: \[unavailable\] nothing listens at/],
  ] as const) {
    test(`${name}: exit code ${status}`, async () => {
      const outcome = await runDemo(variables);
      expect(outcome).toEqual({ status, stdout: "", stderr: expect.stringMatching(/^[^\n]{10,300}\n$/) });
      expect(outcome.stderr.trimEnd()).toMatch(said);
      expect(outcome.stderr).not.toContain(canary);
    });
  }

  test("an argument: exit code 2", async () => {
    const stderr = "npm start takes no arguments: set ZITADEL_URL and ZITADEL_TOKEN instead\n";
    expect(await runDemo({}, "--help")).toEqual({ status: 2, stdout: "", stderr });
  });

  for (const [name, listener] of [
    ["a website", (_request, response) => response.setHeader("content-type", "text/html").end("<html>Welcome</html>")],
    ["a server that hangs up", (request) => request.socket.destroy()],
  ] as [string, RequestListener][]) {
    test(`${name}: exit code 1`, async () => {
      const server = createServer(listener).listen(0, "127.0.0.1");
      await once(server, "listening");
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const outcome = await runDemo({ ZITADEL_URL: url, ZITADEL_TOKEN: canary });
        expect(outcome).toEqual({ status: 1, stdout: "", stderr: expect.stringMatching(/^gRPC: \[[^\n]{10,300}\n$/) });
      } finally {
        server.close();
        server.closeAllConnections();
      }
    });
  }

  test("a token that ZITADEL does not know: exit code 1", async () => {
    await using zitadel = await startLocalZitadel();
    const hint =
      'the token is expired, revoked, or was made without the scope "urn:zitadel:iam:org:project:id:zitadel:aud"';
    const stderr = `gRPC: [unauthenticated] Errors.Token.Invalid (AUTH-7fs1e); ${hint}\n`;
    const outcome = await runDemo({ ZITADEL_URL: zitadel.url, ZITADEL_TOKEN: canary });
    expect(outcome).toEqual({ status: 1, stdout: "", stderr });
  });
});
