import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { expandHome } from "../../src/cli/input/read-text-file.js";
import { caFile as ca } from "../helpers/certificate.js";
import { runCli } from "./run-cli.js";
import { requestsReach, startLogin } from "./start-login.js";

const canary = "canary-token-of-nobody";
const jwt = `eyJhbGciOiJSUzI1NiJ9.${"x".repeat(40)}.${"y".repeat(40)}`;
const dead = "http://127.0.0.1:9";
const login = { ZITADEL_URL: dead, ZITADEL_TOKEN: canary };

// What people have where a token was to be.
const mistaken = [
  ["quotes", `"${canary}"\n`, /has quotes around it/],
  ["half of quotes", `${canary}\u201d`, /has quotes around it/],
  ["a line of an env file", `ZITADEL_TOKEN=${canary}\n`, /is a whole line NAME=VALUE/],
  ["a line for a shell", `export ZITADEL_TOKEN="${canary}"`, /is a whole line NAME=VALUE/],
  ["a line for PowerShell", `$env:ZITADEL_TOKEN = "${canary}"`, /is a whole line NAME=VALUE/],
  ["a token response", `{ "access_token": "${canary}", "token_type": "Bearer" }`, /is JSON: keep only the value/],
  ["what PowerShell writes", Buffer.from(`\ufeff${canary}\r\n`, "utf16le"), /is in UTF-16, as PowerShell's >/],
  ["UTF-16 of the other order", Buffer.from(`\ufeff${canary}`, "utf16le").swap16(), /is in UTF-16/],
  ["what Notepad writes", `\ufeff${canary}\r\n`, /begins with a byte order mark/],
] as const;

const folder = mkdtempSync(join(tmpdir(), "cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Buffer, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe("wrong usage is exit code 2 and one line", () => {
  for (const [name, args, variables, said] of [
    ["an unknown command", ["lsit"], {}, /there is no command "lsit" \(did you mean list\?\): use one of list/],
    ["a command like no other", ["show"], {}, /there is no command "show": use one of list/],
    ["an option before the command", ["--verbose", "list"], {}, /the command comes before its options/],
    ["no URL", ["list"], { ZITADEL_TOKEN: canary }, /no URL: pass --url or set ZITADEL_URL/],
    ["an unknown option", ["list", "--colour"], login, /unknown option --colour: the options are --state, /],
    ["a mistyped option", ["list", "--timout", "1"], login, /unknown option --timout \(did you mean --timeout\?\): /],
    [
      "an option of other commands",
      ["list", "--json"],
      login,
      /unknown option --json \(did you mean --output json\?\): /,
    ],
    ["a short one", ["list", "-q"], login, /unknown option -q \(did you mean --output ids\?\): the options are --/],
    ["a short one that this has not", ["revoke", "-q"], login, /unknown option -q: the options are --yes, /],
    ["--keep", ["revoke-all", "--keep", "1"], login, /unknown option --keep \(did you mean --except\?\): /],
    ["what files are listed by", ["ls"], {}, /there is no command "ls" \(did you mean list\?\): use one of list/],
    ["an unknown option with a value", ["list", "--colour=secret"], login, /unknown option --colour: /],
    ["an unknown short option", ["list", "-x"], login, /unknown option -x: /],
    ["an option without its value", ["list", "--url"], login, /--url needs a value/],
    ["an option that swallows the next", ["list", "--url", "--verbose"], login, /--url needs a value/],
    ["a value for an option that takes none", ["list", "--verbose=1"], login, /--verbose takes no value/],
    ["an argument", ["list", "active", "now"], login, /list takes options only, got "active" "now"/],
    ["an unknown format", ["list", "-o", "yaml"], login, /--output must be one of table, tsv, json, ids, got "yaml"/],
    ["an unknown state", ["list", "--state", "old"], login, /--state must be one of active, idle-expired, expired/],
    ["an unknown protocol", ["list", "--protocol", "soap"], login, /--protocol must be one of grpc, grpc-web, rest/],
    [
      "a timeout of nothing",
      ["list", "--timeout", "0"],
      login,
      /--timeout must be 1ms to 60m, .*a bare number is in seconds/,
    ],
    ["a timeout of words", ["list", "--timeout", "soon"], login, /--timeout must be 1ms to 60m, .* got "soon"/],
    ["a timeout of hours", ["list", "--timeout", "61m"], login, /--timeout must be 1ms to 60m/],
    ["a URL that is none", ["list", "-u", "zitadel"], login, /--url is not an absolute URL/],
    ["a URL with a password", ["list", "-u", "https://u:p@h.example"], login, /--url holds credentials/],
    ["cleartext to elsewhere", ["list", "-u", "http://h.example"], login, /would show the token: .* --allow-insecure/],
    ["a header without a colon", ["list", "--header", "secret"], login, /--header must be "Name: value"/],
    ["a header with a line break", ["list", "--header", "a: secret\nb: c"], login, /--header must be "Name: value"/],
    ["a header of HTTP's own", ["list", "--header", "Host: secret"], login, /the header "host" is set by/],
    ["a cookie", ["list", "--header", "Cookie: secret"], login, /--header Cookie would show a secret/],
    ["an organization with a line break", ["list", "--org", "1\n2"], login, /--org an id/],
    ["certificates for http", ["list", "--ca", ca], login, /--ca is for https: URLs/],
    [
      "no such certificates",
      ["list", "-u", "https://h.example", "--ca", "/no/such"],
      login,
      /--ca: \/no\/such .*ENOENT/,
    ],
    ["no such token file", ["list", "--token-file", "/no/such"], login, /--token-file: \/no\/such .* \(ENOENT\)/],
    ["a folder as token file", ["list", "--token-file", "/"], login, /--token-file: \/ cannot be read \(EISDIR\)/],
    [
      "no such ZITADEL_TOKEN_FILE",
      ["list"],
      { ZITADEL_URL: dead, ZITADEL_TOKEN_FILE: "/no" },
      /ZITADEL_TOKEN_FILE: \/no /,
    ],
    [
      "two variables for the token",
      ["list"],
      { ...login, ZITADEL_TOKEN_FILE: "/no/such" },
      /ZITADEL_TOKEN and ZITADEL_TOKEN_FILE are both set: unset one of them/,
    ],
    [
      "a token of two lines",
      ["list"],
      { ...login, ZITADEL_TOKEN: `${canary}\n${canary}` },
      /the token in ZITADEL_TOKEN must be one line/,
    ],
    ["a token with its scheme", ["list"], { ...login, ZITADEL_TOKEN: `Bearer ${canary}` }, /begin with "Bearer"/],
    [
      "TLS without checks",
      ["list", "-u", "https://h.example"],
      { ...login, NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_NO_WARNINGS: "1" },
      /NODE_TLS_REJECT_UNAUTHORIZED=0 would give the token to whoever answers/,
    ],
  ] as const) {
    test(name, async () => {
      const { status, stdout, stderr } = await runCli(args, { env: variables });
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^error: [^\n]{10,300}\n$/);
      expect(stderr).toMatch(said);
      expect(stderr).not.toMatch(/canary|secret(?! on)/);
    });
  }
});

describe("a token on the command line", () => {
  for (const args of [
    ["list", "--token", canary],
    ["list", `--token=${canary}`],
    ["list", "--access-token", canary],
    ["list", jwt],
    ["list", "--org", jwt],
    ["list", "--header", `Authorization: Bearer ${canary}`],
    ["list", "--header", `x-forwarded-token: ${jwt}`],
    ["list", "canaryGhIFs3VnqcQU5D2zRSeiarB1nwH6goIKY0J8MWZbsnWcTuu1C59lW9DgCq1y096GY"],
    ["--token", canary],
  ]) {
    test(`is refused and not repeated: ${args.join(" ").slice(0, 40)}`, async () => {
      const { status, stdout, stderr } = await runCli(args, { env: { ZITADEL_URL: dead } });
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^error: [^\n]*visible to every user of this machine: set ZITADEL_TOKEN[^\n]*\n$/);
      expect(stderr).not.toMatch(/canary|eyJ/);
    });
  }

  (process.platform === "linux" ? test : test.skip)("is not there while the command runs (needs /proc)", async () => {
    const { zitadel, env } = await startLogin();
    zitadel.fail({ kind: "hang" });
    let line = "";
    await runCli(["list"], {
      env,
      started: async (child) => {
        await requestsReach(zitadel, 1);
        line = readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
        child.kill();
      },
    });
    expect(line).toContain("list");
    expect(line).not.toContain(env.ZITADEL_TOKEN);
  });
});

describe("the token comes from", () => {
  for (const [name, use] of [
    ["--token-file", (path: string) => ({ args: ["--token-file", path], env: { ZITADEL_TOKEN: canary } })],
    ["standard input", () => ({ args: ["--token-file", "-"], env: { ZITADEL_TOKEN: canary } })],
    ["ZITADEL_TOKEN_FILE", (path: string) => ({ args: [], env: { ZITADEL_TOKEN_FILE: path } })],
  ] as const) {
    test(`${name}, without the line break at its end`, async () => {
      const { zitadel } = await startLogin();
      const token = `${zitadel.users[0].token}\n`;
      const { args, env } = use(file("token", token));
      const outcome = await runCli(["list", "-u", zitadel.url, "-o", "ids", ...args], { env, input: token });
      expect(outcome).toEqual({ status: 0, stdout: expect.stringMatching(/^(\d{18}\n){6}$/), stderr: "" });
    });
  }

  test("ZITADEL_TOKEN without the line break at its end, as of a file that ended in CR LF", async () => {
    const { env } = await startLogin();
    const variables = { ...env, ZITADEL_TOKEN: `${env.ZITADEL_TOKEN}\r\n` };
    expect(await runCli(["list"], { env: variables })).toMatchObject({ status: 0, stderr: "" });
  });

  test("a path with ~ that no shell has put in", async () => {
    const { zitadel } = await startLogin();
    file("tilde", zitadel.users[0].token);
    const env = { HOME: folder, ZITADEL_URL: zitadel.url };
    const byVariable = await runCli(["list"], { env: { ...env, ZITADEL_TOKEN_FILE: "~/tilde" } });
    expect(byVariable).toMatchObject({ status: 0, stderr: "" });
    expect(await runCli(["list", "--token-file=~/tilde"], { env })).toMatchObject({ status: 0, stderr: "" });
  });

  test("a path with ~ and either slash, by the home folder that the system names", () => {
    expect(expandHome("~/a")).toBe(`${homedir()}/a`);
    expect(expandHome("~\\a")).toBe(`${homedir()}\\a`);
    for (const path of ["a~/b", "~a/b", "./~/a", "/~/a"]) expect(expandHome(path)).toBe(path);
  });

  test("a path with ~ although no HOME is set, as on Windows", () => {
    const { HOME: _, ...env } = process.env;
    const module = JSON.stringify(new URL("../../src/cli/input/read-text-file.js", import.meta.url));
    const script = `const { expandHome } = await import(${module}); console.log(expandHome("~/a"), os.homedir());`;
    const args = ["--input-type=module", "-e", `import os from "node:os"; ${script}`];
    const [path, home] = spawnSync(process.execPath, args, { encoding: "utf8", env }).stdout.trim().split(" ");
    expect(path).toBe(`${home}/a`);
  });

  (process.platform === "linux" ? test : test.skip)(
    "a secret that Kubernetes mounts, without a warning (needs Linux)",
    async () => {
      const { zitadel } = await startLogin();
      // As the kubelet lays it out: token -> ..data/token, ..data -> ..2026_01_01.
      mkdirSync(join(folder, "mount/..2026_01_01"), { recursive: true });
      file("mount/..2026_01_01/token", zitadel.users[0].token, 0o644);
      symlinkSync("..2026_01_01", join(folder, "mount/..data"));
      symlinkSync("..data/token", join(folder, "mount/token"));
      const outcome = await runCli(["list", "-u", zitadel.url, "--token-file", join(folder, "mount/token")]);
      expect(outcome).toMatchObject({ status: 0, stderr: "" });
    },
  );

  for (const [name, text, said] of mistaken) {
    test(`not from ${name}, which list and doctor call by its name`, async () => {
      const { zitadel } = await startLogin();
      const path = file("mistaken", text);
      const env = { ZITADEL_URL: zitadel.url, ZITADEL_TOKEN_FILE: path };
      const { status, stdout, stderr } = await runCli(["list"], { env });
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^error: the token in [^\n]+\n$/);
      expect(stderr).toMatch(said);
      const report = await runCli(["doctor", "-o", "json"], { env });
      expect(JSON.parse(report.stdout).checks).toContainEqual(
        expect.objectContaining({
          check: "token",
          verdict: "token-malformed",
          message: stderr.slice("error: ".length, -1),
        }),
      );
      expect(stderr + report.stdout + report.stderr).not.toContain("canary");
      expect(zitadel.requests.filter(({ headers }) => "authorization" in headers)).toEqual([]);
    });
  }

  (process.platform === "win32" ? test.skip : test)(
    "a file that others can read only with a warning (needs POSIX)",
    async () => {
      const { zitadel } = await startLogin();
      for (const [mode, warns] of [
        [0o600, false],
        [0o400, false],
        [0o640, true],
        [0o604, true],
      ] as const) {
        const path = file(`token-${mode}`, zitadel.users[0].token, mode);
        const { status, stderr } = await runCli(["list", "-u", zitadel.url, "--token-file", path]);
        const warning = `warning: --token-file: other users of this machine can open ${path}: run chmod 600 on it\n`;
        expect({ status, stderr }).toEqual({ status: 0, stderr: warns ? warning : "" });
      }
    },
  );

  for (const [name, text, said] of [
    ["an empty file", "\n", /must not be empty/],
    ["a file without end", "x".repeat(40_000), /is larger than/],
  ] as const) {
    test(`not from ${name}`, async () => {
      const path = file("bad", text);
      const { status, stderr } = await runCli(["list", "-u", dead, "--token-file", path]);
      expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(said) });
    });
  }
});

test("NODE_DEBUG, which shows headers, is warned of", async () => {
  const { env } = await startLogin();
  const { stderr } = await runCli(["list"], { env: { ...env, NODE_DEBUG: "http2" } });
  expect(stderr).toContain("warning: NODE_DEBUG is set: ");
});

test("headers and the organization reach the server", async () => {
  const { zitadel, env } = await startLogin();
  const args = ["list", "--header", "x-one: 1, 2", "--header", "X-Two:3", "--header", "x-one: 4"];
  for (const protocol of ["grpc", "rest"]) {
    await runCli([...args, "--org", zitadel.users[0].resourceOwner, "--protocol", protocol], { env });
    expect(zitadel.requests.at(-1)?.headers).toMatchObject({
      "x-one": "1, 2, 4",
      "x-two": "3",
      "x-zitadel-orgid": zitadel.users[0].resourceOwner,
    });
  }
});

describe("not being authenticated or allowed is exit code 4", () => {
  test("without any token", async () => {
    const { zitadel } = await startLogin();
    const { status, stderr } = await runCli(["list", "-u", zitadel.url]);
    const said =
      "error: no access token: run login, set ZITADEL_TOKEN, or pass --token-file PATH (- for standard input)\n";
    expect({ status, stderr, requests: zitadel.requests }).toEqual({ status: 4, stderr: said, requests: [] });
  });

  for (const [kind, said] of [
    ["expired", /^error: \[unauthenticated\] .*AUTH-7fs1e\)\nhint: the token is expired, revoked, or .*:aud"\n$/],
    ["mfaRequired", /^error: \[permission_denied\] .*AUTHZ-Kl3p0\)\nhint: the session of this token lacks a factor/],
    ["impersonation", /^error: \[permission_denied\] .*APP-wai8O\)\nhint: this token was made to act as somebody else/],
  ] as const) {
    test(`with a token that is ${kind}`, async () => {
      const { zitadel, env } = await startLogin();
      const token = zitadel.users[0].tokens[kind];
      const { status, stdout, stderr } = await runCli(["list"], { env: { ...env, ZITADEL_TOKEN: token } });
      expect({ status, stdout }).toEqual({ status: 4, stdout: "" });
      expect(stderr).toMatch(said);
      expect(stderr).not.toContain(token);
    });
  }
});

describe("failing is exit code 1", () => {
  test("where nothing listens", async () => {
    const { status, stdout, stderr } = await runCli(["list"], { env: login });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe("error: [unavailable] nothing listens at 127.0.0.1:9\n");
  });

  test("after the timeout", async () => {
    const { zitadel, env } = await startLogin();
    zitadel.fail({ kind: "hang" });
    const { status, stderr } = await runCli(["list", "--timeout", "300ms"], { env });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/deadline of 300 ms passed/) });
  });

  test("in the words of the proxy that answers, with what to do about it", async () => {
    const listener: RequestListener = (_, response) => {
      response.writeHead(404, { "content-type": "text/plain" }).end("no backend for this host\n");
    };
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      for (const protocol of ["grpc-web", "rest"]) {
        const { status, stderr } = await runCli(["list", "-u", url, "--protocol", protocol], { env: login });
        const error = '[unimplemented] HTTP 404 without a status of the API: "no backend for this host"';
        const hint = "is --url ZITADEL's, and does the proxy before it let this protocol through?";
        expect({ status, stderr }).toEqual({ status: 1, stderr: `error: ${error}\nhint: ${hint}\n` });
      }
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  for (const [name, listener] of [
    ["a website", (_request, response) => response.setHeader("content-type", "text/html").end("<html>Welcome</html>")],
    [
      "a server that echoes the token",
      (request, response) => response.writeHead(400).end(request.headers.authorization),
    ],
  ] as [string, RequestListener][]) {
    test(`with ${name}, and no token is shown`, async () => {
      const server = createServer(listener);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        for (const protocol of ["grpc", "grpc-web", "rest"]) {
          const { status, stdout, stderr } = await runCli(["list", "-u", url, "--protocol", protocol], { env: login });
          expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
          expect(stderr).toMatch(/^error: \[/);
          expect(stderr).not.toContain(canary);
        }
      } finally {
        server.close();
        server.closeAllConnections();
      }
    });
  }
});
