import { describe, expect, test } from "@jest/globals";
import { noTerminal, runCli, runOnTerminal } from "./run-cli.js";
import { startLogin } from "./start-login.js";

const hourMs = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * hourMs);
const scopes = ["openid", "profile", "email", "offline_access", "urn:zitadel:iam:org:project:id:zitadel:aud"];

const refreshTokens = [
  { id: "100000000000000001", clientId: "320010000000000011@portal", changeDate: ago(3), authTime: ago(75), scopes },
  { id: "100000000000000002", clientId: "320010000000000012@command-line", authTime: ago(2), scopes: ["openid"] },
  { id: "100000000000000003", clientId: "表のアプリ", changeDate: ago(24 * 40), authTime: ago(24 * 50), scopes },
];

const describeOnTerminal = noTerminal ? describe.skip : describe;

describeOnTerminal(noTerminal ? `on a terminal (${noTerminal}) list` : "on a terminal list", () => {
  for (const [columns, table] of [
    [
      40,
      `
ID            100000000000000002
APP           320010000000000012@command-line
STATE         active
USABLE UNTIL  in 29 days
LAST USED     2 hours ago
SIGNED IN     2 hours ago
SCOPES        openid

ID            100000000000000001
APP           320010000000000011@portal
STATE         active
USABLE UNTIL  in 29 days
LAST USED     3 hours ago
SIGNED IN     3 days ago
SCOPES        openid profile email
              offline_access
              …zitadel:aud

ID            100000000000000003
APP           表のアプリ
STATE         idle-expired
USABLE UNTIL  10 days ago
LAST USED     40 days ago
SIGNED IN     50 days ago
SCOPES        openid profile email
              offline_access
              …zitadel:aud
`,
    ],
    [
      60,
      `
ID                  APP           STATE         USABLE UNTIL
100000000000000002  command-line  active        in 29 days
100000000000000001  3200…@portal  active        in 29 days
100000000000000003  表のアプリ    idle-expired  10 days ago
`,
    ],
    [
      80,
      `
ID                  APP                  STATE         USABLE UNTIL  LAST USED
100000000000000002  32001…@command-line  active        in 29 days    2 hours ago
100000000000000001  32001000000…@portal  active        in 29 days    3 hours ago
100000000000000003  表のアプリ           idle-expired  10 days ago   40 days ago
`,
    ],
    [
      120,
      `
ID                  APP                         STATE         USABLE UNTIL  LAST USED    SIGNED IN    SCOPES
100000000000000002  320010000000…@command-line  active        in 29 days    2 hours ago  2 hours ago  openid
100000000000000001  320010000000000011@portal   active        in 29 days    3 hours ago  3 days ago   openid profile +3
100000000000000003  表のアプリ                  idle-expired  10 days ago   40 days ago  50 days ago  openid profile +3
`,
    ],
    [
      200,
      `
ID                  APP                              STATE         USABLE UNTIL  LAST USED    SIGNED IN    SCOPES
100000000000000002  320010000000000012@command-line  active        in 29 days    2 hours ago  2 hours ago  openid
100000000000000001  320010000000000011@portal        active        in 29 days    3 hours ago  3 days ago   openid profile email offline_access …zitadel:aud
100000000000000003  表のアプリ                       idle-expired  10 days ago   40 days ago  50 days ago  openid profile email offline_access …zitadel:aud
`,
    ],
  ] as const) {
    test(`fits ${columns} columns`, async () => {
      const { env } = await startLogin({ refreshTokens });
      const { status, stdout } = await runOnTerminal(["list"], { columns, env: { ...env, NO_COLOR: "1" } });
      expect(status).toBe(0);
      expect(`\n${stdout}`).toBe(table);
    });
  }

  for (const [name, variables, colored] of [
    ["is coloured", {}, true],
    ["is not coloured with NO_COLOR", { NO_COLOR: "1" }, false],
    ["is coloured with an empty NO_COLOR", { NO_COLOR: "" }, true],
    ["is not coloured on a dumb terminal", { TERM: "dumb" }, false],
  ] as const) {
    test(name, async () => {
      const { env } = await startLogin({ refreshTokens });
      const { stdout } = await runOnTerminal(["list"], { env: { ...env, ...variables } });
      expect(stdout.includes("\u001b[32mactive\u001b[39m ")).toBe(colored);
      expect(stdout.includes("\u001b")).toBe(colored);
    });
  }

  for (const columns of [40, 80]) {
    test(`help fits ${columns} columns, and its examples work as they are`, async () => {
      for (const name of ["", "list", "doctor"]) {
        const { stdout } = await runOnTerminal([...(name && [name]), "--help"], { columns });
        const [help = "", examples = ""] = stdout.split(/^(?=Examples?:)/m);
        // What is longer is one word, or stands alone.
        for (const line of help.split("\n").filter((each) => each.length > columns)) {
          expect(line).toMatch(/^(?:Usage: .*| *\S+ ?\S*)$/);
        }
        expect(help).toMatch(/\n.*\n/);
        expect(examples).toMatch(/^ {2}zitadel-refresh-tokens list|^ {2}zitadel-refresh-tokens doctor$/m);
      }
    });
  }

  test("explains an empty list on any format, since somebody looks at it", async () => {
    const { env } = await startLogin({ refreshTokens: [] });
    const { stdout } = await runOnTerminal(["list", "-o", "ids"], { env: { ...env, NO_COLOR: "1" } });
    expect(stdout).toMatch(/^note: no refresh tokens, /);
  });

  test("shows progress on work that takes a while, and takes it away", async () => {
    const { zitadel, env } = await startLogin({ refreshTokens });
    zitadel.fail({ kind: "delay", ms: 900 });
    const { stdout } = await runOnTerminal(["list", "-o", "ids"], { env });
    const [progress, ids, ...rest] = stdout.split("\r\u001b[K");
    expect([progress, ids, rest]).toEqual([
      expect.stringMatching(/^\rListing …(\rListing … \d s)*$/),
      expect.stringMatching(/^(\d{18}\n){3}$/),
      [],
    ]);
  });

  test("shows no progress on a dumb terminal", async () => {
    const { zitadel, env } = await startLogin({ refreshTokens });
    zitadel.fail({ kind: "delay", ms: 900 });
    const { stdout } = await runOnTerminal(["list", "-o", "ids"], { env: { ...env, TERM: "dumb" } });
    expect(stdout).toMatch(/^(\d{18}\n){3}$/);
  });
});

// Needs no terminal.
for (const [variables, colored] of [
  [{}, false],
  [{ FORCE_COLOR: "1" }, true],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, true],
  [{ FORCE_COLOR: "0" }, false],
] as const) {
  test(`a table is ${colored ? "" : "not "}coloured on a pipe with ${JSON.stringify(variables)}`, async () => {
    const { env } = await startLogin({ refreshTokens });
    const { stdout } = await runCli(["list", "-o", "table"], { env: { ...env, ...variables } });
    expect(stdout.includes("\u001b[32mactive\u001b[39m ")).toBe(colored);
    expect(stdout.includes("\u001b")).toBe(colored);
  });
}
