import { type ChildProcessWithoutNullStreams, spawnSync } from "node:child_process";
import { on } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";
import { cli, type RunOptions, runCli } from "./run-cli.js";

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Command lines of every process, where the system shows them: `watch` looks until the function it returns is called. */
function watchProcesses(): () => string {
  const seen = new Set<string>();
  const look = () => {
    for (const name of existsSync("/proc") ? readdirSync("/proc") : []) {
      try {
        if (/^\d+$/.test(name)) seen.add(readFileSync(`/proc/${name}/cmdline`, "utf8"));
      } catch {
        // It has ended.
      }
    }
  };
  const timer = setInterval(look, 50);
  return () => {
    clearInterval(timer);
    look();
    return [...seen].join("\n");
  };
}

/** A local ZITADEL, and a configuration folder of its own for the command. No run may show a token of the login. */
async function setUp(options: LocalZitadelOptions = {}) {
  const zitadel = await startLocalZitadel({ approve: true, ...options });
  const home = mkdtempSync(join(tmpdir(), "login-"));
  cleanUps.push(
    () => zitadel.close(),
    () => rmSync(home, { recursive: true, force: true }),
  );
  const env = { XDG_CONFIG_HOME: home, ZITADEL_URL: zitadel.url };
  const folder = join(home, "zitadel-refresh-tokens");
  const path = join(folder, `http_${new URL(zitadel.url).host.replace(":", "_")}.json`);
  const stored = () => JSON.parse(readFileSync(path, "utf8")) as Record<string, string | number>;
  const secrets = new Set<string>();
  const noteSecrets = () => {
    try {
      const { accessToken, refreshToken, idToken } = stored();
      for (const each of [accessToken, refreshToken, idToken]) if (each) secrets.add(String(each));
    } catch {
      // There is no login, or it is not whole.
    }
  };
  const run = async (args: string[], more: RunOptions = {}) => {
    noteSecrets();
    const endWatch = watchProcesses();
    const outcome = await runCli(args, { ...more, env: { ...env, ...more.env } });
    const shown = outcome.stdout + outcome.stderr + endWatch();
    noteSecrets();
    for (const secret of secrets) expect(shown).not.toContain(secret);
    return outcome;
  };
  const login = (more?: RunOptions) => run(["login", "--no-browser", "--client-id", zitadel.clientId], more);
  const expire = () => writeFileSync(path, JSON.stringify({ ...stored(), expiresAt: 1 }));
  return { zitadel, home, env, folder, path, run, login, stored, expire, secrets };
}

/** Waits until the command has said where to approve, and returns that. */
async function approvalPage({ stderr }: ChildProcessWithoutNullStreams): Promise<string> {
  for await (const [text] of on(stderr, "data")) {
    const [url] = /http\S+user_code=\S+/.exec(String(text)) ?? [];
    if (url) return url;
  }
  throw new Error("it ended");
}

function tokenRequests(zitadel: LocalZitadel): number {
  return zitadel.requests.filter(({ path }) => path === "/oauth/v2/token").length;
}

test("login, status, list and logout, and no token is ever shown", async () => {
  const { zitadel, folder, path, run, login, stored, secrets } = await setUp();
  const done = await login();
  expect(done).toMatchObject({ status: 0 });
  expect(done.stdout).toMatch(/^logged in as user1@demo\.localhost to http:\S+: it renews itself, next at /);
  expect(done.stderr).toMatch(/^Open http:\S+\/device\?user_code=\w{4}-\w{4} and approve the code \w{4}-\w{4}\n$/);
  expect(secrets.size).toBe(3);
  const { accessToken } = stored();
  if (process.platform !== "win32") {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
  expect(readdirSync(folder)).toHaveLength(1);
  const state = await run(["status"]);
  expect(state.status).toBe(0);
  expect(state.stdout).toContain(`file: ${path}\n`);
  const listed = await run(["list"]);
  expect(listed).toMatchObject({ status: 0 });
  const [, payload = ""] = String(stored().idToken).split(".");
  const { sid } = JSON.parse(Buffer.from(payload, "base64url").toString());
  expect(listed.stdout).toContain(`${sid}\tcurrent session\t`);
  // The only login there is.
  expect(await run(["list"], { env: { ZITADEL_URL: "" } })).toMatchObject({ status: 0 });
  expect(await run(["end", "--others", "--yes"])).toMatchObject({ status: 0 });
  expect(zitadel.users[0].sessions.map(({ id }) => id)).toEqual([sid]);
  expect(await run(["logout"])).toMatchObject({ status: 0, stderr: "" });
  expect(readdirSync(folder)).toEqual([]);
  const response = await fetch(`${zitadel.url}/oidc/v1/userinfo`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  expect(response.status).toBe(401);
  expect(await run(["status"])).toMatchObject({ status: 4 });
  expect(await run(["list"])).toMatchObject({ status: 4, stderr: expect.stringContaining("run login") });
  expect(await run(["logout"])).toMatchObject({ status: 4 });
});

test("ten at once on an expired login refresh it once", async () => {
  const { zitadel, run, login, expire, stored, folder } = await setUp();
  await login();
  expire();
  const before = tokenRequests(zitadel);
  const old = stored().refreshToken;
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => run(["list", "-o", "ids"])));
  expect(outcomes.map(({ status, stderr }) => [status, stderr])).toEqual(outcomes.map(() => [0, ""]));
  expect(tokenRequests(zitadel) - before).toBe(1);
  expect(stored().refreshToken).not.toBe(old);
  expect(readdirSync(folder)).toHaveLength(1);
}, 60_000);

test("ten at once on a refused login refresh it once, whatever this machine's clock says", async () => {
  let ahead = 0;
  const { zitadel, run, login } = await setUp({ now: () => new Date(Date.now() + ahead) });
  await login();
  ahead = 43_201_000;
  const before = tokenRequests(zitadel);
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => run(["list", "-o", "ids"])));
  expect(outcomes.map(({ status, stderr }) => [status, stderr])).toEqual(outcomes.map(() => [0, ""]));
  expect(tokenRequests(zitadel) - before).toBe(1);
}, 60_000);

for (const hours of [-1, 1]) {
  test(`works with a clock ${hours} h off`, async () => {
    const { run, login } = await setUp({ now: () => new Date(Date.now() + hours * 3_600_000) });
    expect(await login()).toMatchObject({ status: 0 });
    expect(await run(["list"])).toMatchObject({ status: 0 });
  });
}

test("a given token comes before the login, and two logins stay apart", async () => {
  const { zitadel, run, login } = await setUp();
  await login();
  const [{ token }] = zitadel.users;
  const given = await run(["list", "-v"], { env: { ZITADEL_TOKEN: token } });
  expect(given.stderr).toContain("token from ZITADEL_TOKEN");
  await using other = await startLocalZitadel({ approve: true });
  const toOther = ["--url", other.url, "--client-id", other.clientId];
  expect(await run(["login", "--no-browser", ...toOther])).toMatchObject({ status: 0 });
  expect(await run(["list"], { env: { ZITADEL_URL: "" } })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("several instances"),
  });
  expect(await run(["logout", "--url", other.url])).toMatchObject({ status: 0 });
  expect(await run(["list"])).toMatchObject({ status: 0 });
});

test("opens the browser where there is one, but not with --no-browser", async () => {
  const { home, run, zitadel } = await setUp();
  const opened = join(home, "opened");
  for (const name of ["xdg-open", "open"]) {
    writeFileSync(join(home, name), `#!/bin/sh\nprintf %s "$*" > ${opened}\n`, { mode: 0o755 });
  }
  const env = { PATH: `${home}:${process.env.PATH}`, DISPLAY: ":0", SSH_CONNECTION: "" };
  const args = ["login", "--client-id", zitadel.clientId];
  expect(await run([...args, "--no-browser"], { env })).toMatchObject({ status: 0 });
  expect(existsSync(opened)).toBe(false);
  const { stderr } = await run(args, { env });
  while (!existsSync(opened) || readFileSync(opened, "utf8") === "") await sleep(10);
  expect(stderr).toContain(`Open ${readFileSync(opened, "utf8")} and approve the code `);
});

test("asks more slowly where the server wants that", async () => {
  const { zitadel, run } = await setUp();
  const asked: string[] = [];
  const slow = createServer((request, response) => {
    if (request.url === "/oauth/v2/token" && asked.push("token") === 1) {
      response.writeHead(400, { "content-type": "application/json" }).end('{ "error": "slow_down" }');
      request.resume();
      return;
    }
    const { method, headers, url } = request;
    request.pipe(
      sendRequest(new URL(url ?? "", zitadel.url), { method, headers }, (answer) => {
        answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers));
      }),
    );
  });
  cleanUps.push(
    () => slow.closeAllConnections(),
    () => slow.close(),
  );
  await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  expect(await run(["login", "--no-browser", "--client-id", zitadel.clientId, "--url", url])).toMatchObject({
    status: 0,
  });
  expect(asked).toHaveLength(2);
});

describe("says in a sentence what is wrong, and what to do about it", () => {
  const canary = "canary-5d1e9";

  test("a login that has ended, that others can read, and that is cut short", async () => {
    const { run, login, expire, path, stored, zitadel } = await setUp();
    await login();
    writeFileSync(path, JSON.stringify({ ...stored(), expiresAt: 1, refreshToken: canary }));
    expect(await run(["list"])).toEqual({
      status: 4,
      stdout: "",
      stderr: `error: the login to ${zitadel.url} has ended: run login again\n`,
    });
    await login();
    chmodSync(path, 0o644);
    expect(await run(["list"])).toMatchObject({ status: 4, stderr: expect.stringContaining("run chmod 600 on it") });
    chmodSync(path, 0o600);
    expire();
    writeFileSync(path, readFileSync(path).subarray(0, 40));
    expect(await run(["list"])).toMatchObject({
      status: 4,
      stderr: expect.stringContaining("is not whole: run login"),
    });
    expect(await login()).toMatchObject({ status: 0 });
    expect(await run(["list"])).toMatchObject({ status: 0 });
  });

  test("no client id, an unknown client, and an app without the grant", async () => {
    const { run } = await setUp();
    expect(await run(["login"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("open Projects, a project, New under Applications, then Native"),
    });
    for (const [id, text] of [
      ["1", 'knows no app "1"'],
      ["320010000000000011", "allow it Device Code and Refresh Token"],
    ] as const) {
      const outcome = await run(["login", "--no-browser", "--client-id", id]);
      expect(outcome).toMatchObject({ status: 4, stdout: "", stderr: expect.stringContaining(text) });
    }
  });

  test("a host that is no ZITADEL, another issuer, and nobody there", async () => {
    const { run } = await setUp();
    let answer = "<html>";
    const server = createServer((_, response) => response.setHeader("content-type", "application/json").end(answer));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const attempt = () => run(["login", "--no-browser", "--client-id", "1", "--url", url]);
    expect(await attempt()).toMatchObject({ status: 1, stderr: expect.stringContaining("check --url, or run doctor") });
    answer = JSON.stringify({ issuer: "https://id.example" });
    expect(await attempt()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("pass --url https://id.example"),
    });
    await new Promise((resolve) => server.close(resolve));
    expect(await attempt()).toMatchObject({ status: 1, stderr: expect.stringContaining("(ECONNREFUSED): run doctor") });
  });

  test("a proxy that is not there", async () => {
    const { run } = await setUp();
    const env = { HTTPS_PROXY: "http://127.0.0.1:9" };
    const outcome = await run(["login", "--client-id", "1", "--url", "https://id.example"], { env });
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining("the proxy 127.0.0.1:9") });
  });

  test("a folder that cannot be written to, before anybody signs in", async () => {
    const { run, zitadel } = await setUp();
    const env = { XDG_CONFIG_HOME: "/dev/null" };
    const outcome = await run(["login", "--client-id", zitadel.clientId], { env });
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining("set XDG_CONFIG_HOME to a folder") });
    expect(zitadel.requests).toEqual([]);
  });

  test("a person who refuses, and one who does not answer", async () => {
    let ahead = 0;
    const { login, folder } = await setUp({ approve: false, now: () => new Date(Date.now() + ahead) });
    const refused = await login({
      started: async (child) => {
        const page = await approvalPage(child);
        const body = new URLSearchParams({ user_code: new URL(page).searchParams.get("user_code") ?? "", deny: "1" });
        expect(await (await fetch(page, { method: "POST", body })).text()).toContain("Refused.");
      },
    });
    expect(refused).toMatchObject({
      status: 4,
      stdout: "",
      stderr: expect.stringContaining("the sign-in was refused"),
    });
    const late = await login({
      started: async (child) => {
        await approvalPage(child);
        ahead = 301_000;
      },
    });
    const text = "error: nobody approved before the code expired: run login again";
    expect(late).toMatchObject({ status: 4, stdout: "", stderr: expect.stringContaining(text) });
    expect(readdirSync(folder)).toEqual([]);
  });

  (canMount() ? test : test.skip)(
    "a disk that is full, and one that is read-only (needs to mount a tmpfs)",
    async () => {
      const { home, zitadel, login, run, expire, stored, folder } = await setUp();
      const before = zitadel.requests.length;
      mount(home, "size=64k");
      const filler = join(home, "filler");
      const fill = () => {
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(4096), { flag: "a" });
        } catch {
          // It is full.
        }
      };
      fill();
      const kept = "make room, or set XDG_CONFIG_HOME to a folder that you can write to";
      expect(await login()).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining(kept) });
      expect(zitadel.requests).toHaveLength(before);
      rmSync(filler);
      expect(await login()).toMatchObject({ status: 0 });
      expire();
      const { refreshToken } = stored();
      const refreshes = tokenRequests(zitadel);
      for (const spoil of [fill, () => mount(home, "remount,ro")]) {
        spoil();
        expect(await run(["list"])).toMatchObject({
          status: 1,
          stdout: "",
          stderr: expect.stringMatching(/^error: .+\n$/),
        });
      }
      // Nothing is lost: the refresh token was not spent on what could not be kept.
      expect(tokenRequests(zitadel)).toBe(refreshes);
      mount(home, "remount,rw");
      expect(stored().refreshToken).toBe(refreshToken);
      rmSync(filler);
      expect(await run(["list"])).toMatchObject({ status: 0 });
      expect(readdirSync(folder)).toHaveLength(1);
    },
  );

  test("a server that is away at logout: the file is deleted all the same", async () => {
    const { run, login, zitadel, folder } = await setUp();
    await login();
    await zitadel.close();
    const outcome = await run(["logout"]);
    expect(outcome).toMatchObject({ status: 0, stderr: expect.stringContaining("the tokens were not ended") });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("Ctrl+C while it waits", async () => {
    const { zitadel, run, folder } = await setUp({ approve: false });
    const outcome = await run(["login", "--no-browser", "--client-id", zitadel.clientId], {
      started: async (child) => {
        while (tokenRequests(zitadel) === 0) await sleep(20);
        child.kill("SIGINT");
      },
    });
    expect(outcome).toMatchObject({ status: 130, stdout: "" });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a network that goes away while it waits, and comes back", async () => {
    const { zitadel, run } = await setUp({ approve: false });
    const { port } = new URL(zitadel.url);
    const options = { approve: false, port: Number(port) };
    const outcome = await run(["login", "--no-browser", "--client-id", zitadel.clientId], {
      started: async (child) => {
        while (tokenRequests(zitadel) === 0) await sleep(20);
        await zitadel.close();
        await sleep(1500);
        // Another one at the same place, which does not know the code: the poll went on.
        const next = await startLocalZitadel(options);
        cleanUps.push(() => next.close());
        expect(child.exitCode).toBeNull();
      },
    });
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining("(invalid_grant)") });
  });
});

function mount(folder: string, options: string): void {
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  if (!options.startsWith("remount")) cleanUps.unshift(() => spawnSync("umount", [folder]));
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "mount-"));
  try {
    const mounted = spawnSync("mount", ["-t", "tmpfs", "tmpfs", folder]).status === 0;
    if (mounted) spawnSync("umount", [folder]);
    return mounted;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

(hasTmux ? test : test.skip)(
  "in tmux, serve --approve and login, list, logout (needs tmux)",
  async () => {
    const home = mkdtempSync(join(tmpdir(), "tmux-"));
    const tmux = (...args: string[]) =>
      spawnSync("tmux", ["-S", join(home, "socket"), ...args], { encoding: "utf8" }).stdout;
    cleanUps.push(
      () => rmSync(home, { recursive: true, force: true }),
      () => tmux("kill-server"),
    );
    cleanUps.reverse();
    const command = `${process.execPath} ${cli}`;
    const variables = `-u ZITADEL_URL -u ZITADEL_TOKEN XDG_CONFIG_HOME=${home} PS1='$ '`;
    tmux("new-session", "-d", "-x", "150", "-y", "50", "-s", "s", `env ${variables} sh`);
    tmux("split-window", "-t", "s", `env ${variables} sh`);
    const screen = (pane: number) => tmux("capture-pane", "-p", "-J", "-t", `s:0.${pane}`);
    const type = (pane: number, line: string) => tmux("send-keys", "-t", `s:0.${pane}`, line, "Enter");
    const shown = async (pane: number, pattern: RegExp) => {
      for (;;) {
        const found = pattern.exec(screen(pane));
        if (found) return found;
        await sleep(50);
      }
    };
    type(0, `clear; ${command} serve --approve`);
    const [, url] = await shown(0, /REST: (http:\S+)/);
    const [, id] = await shown(0, /client id: (\d+)/);
    type(1, `clear; ${command} login --no-browser --url ${url} --client-id ${id}`);
    await shown(1, /logged in as user1@demo\.localhost/);
    type(1, `clear; ${command} list`);
    await shown(1, /current/i);
    // With an access token that has expired.
    const [file = ""] = readdirSync(join(home, "zitadel-refresh-tokens"));
    const path = join(home, "zitadel-refresh-tokens", file);
    const { accessToken, ...kept } = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...kept, accessToken, expiresAt: 1 }));
    type(1, `clear; ${command} list`);
    await shown(1, /current/i);
    expect(JSON.parse(readFileSync(path, "utf8")).accessToken).not.toBe(accessToken);
    type(1, `clear; ${command} end --others --yes; echo code $?`);
    await shown(1, /code 0/);
    type(1, `clear; ${command} logout`);
    await shown(1, /logged out of http/);
    type(1, `clear; ${command} status; echo code $?`);
    await shown(1, /code 4/);
    type(0, "C-c");
  },
  60_000,
);
