import { readdirSync } from "node:fs";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import { allAdvice } from "../../../src/cli/advice.js";
import { caFile as ca, certificate } from "../../helpers/certificate.js";
import { noTerminal, runCli, runOnTerminal } from "../run-cli.js";
import { requestsReach, startCurrentLogin as startLogin } from "../start-login.js";
import { connectionCases, httpCases } from "./network-cases.js";
import { canary, jwtOf, runDoctor } from "./run-doctor.js";
import { listen, startGrpcRefuser, startHttp1, startProxy, startTcp } from "./servers.js";
import { callCases, tokenCases } from "./zitadel-cases.js";

const cases = [connectionCases, httpCases, callCases, tokenCases].flatMap((each) => Object.entries(each));
const verdictOf = (name: string) => name.replace(/:.*/, "");

test("no verdict is without a case", async () => {
  const folder = new URL("../../../src/cli/doctor/", import.meta.url);
  const files = readdirSync(folder).filter((name) => /^check-[a-z]+\.js$/.test(name));
  const tables: object[] = [];
  for (const name of files) {
    const exported = (await import(String(new URL(name, folder)))) as Record<string, object>;
    tables.push(...Object.keys(exported).flatMap((each) => (/Verdicts$/.test(each) ? (exported[each] ?? []) : [])));
  }
  expect(tables.length).toBeGreaterThan(7);
  const ofCalls = allAdvice.map(({ verdict = "error" }) => verdict);
  const verdicts = new Set([...tables.flatMap((table) => Object.keys(table)), ...ofCalls]);
  expect([...new Set(cases.map(([name]) => verdictOf(name)))].sort()).toEqual([...verdicts].sort());
});

describe("doctor finds out", () => {
  for (const [name, provoke] of cases) {
    test(name, async () => {
      const { exitCode = 1, ...given } = await provoke();
      const { check, url, token = canary } = given;
      const report = await runDoctor(given);
      const found = report.checks.find((each) => each.check === check);
      expect(found).toEqual({
        check,
        status: expect.stringMatching(/^(warning|failed)$/),
        verdict: verdictOf(name),
        message: expect.stringMatching(/^.{10,}$/),
        remedy: expect.stringMatching(/^.{5,}$/),
      });
      // No fact that a text wants is missing.
      expect(`${found?.message} ${found?.remedy}`).not.toMatch(/undefined|[{}]/);
      expect({ exitCode: report.exitCode, works: report.works, url }).toEqual({ exitCode, works: exitCode === 0, url });
      if (token) expect(report.stdout + report.stderr).not.toContain(token);
      expect(report.stdout + report.stderr).not.toMatch(/canary|secret/);
    });
  }
});

describe("doctor finds nothing wrong", () => {
  const names = ["url", "dns", "tcp", "tls", "http", "token", "grpc", "grpc-web", "rest"];

  for (const protocol of ["grpc", "grpc-web", "rest"]) {
    test(`with a ZITADEL that is well, over ${protocol}`, async () => {
      const { zitadel } = await startLogin({ allowedOrigins: ["https://app.example.com"] });
      const args = ["--protocol", protocol, "--origin", "https://app.example.com"];
      const token = zitadel.users[0].token;
      const { exitCode, stderr, works, checks } = await runDoctor({ url: zitadel.url, token, args });
      expect({ exitCode, stderr, works }).toEqual({ exitCode: 0, stderr: "", works: true });
      expect(checks.map(({ check }) => check)).toEqual([...names, "acceptance", "cors-grpc-web", "cors-rest", "list"]);
      const notOk = checks.filter(({ status }) => status !== "ok").map(({ check, status }) => [check, status]);
      expect(notOk).toEqual([["tls", "skipped"]]);
      for (const name of ["grpc", "grpc-web", "rest"]) {
        const found = checks.find(({ check }) => check === name);
        expect(found).toMatchObject({ message: expect.stringMatching(/^works: \d+ ms with connecting, then \d+ ms$/) });
      }
    });

    test(`with one behind TLS and a CA of one's own, over ${protocol}`, async () => {
      const { zitadel } = await startLogin({}, { tls: certificate("server") });
      const args = ["--protocol", protocol, "--ca", ca];
      const token = zitadel.users[0].token;
      const url = (zitadel.tlsUrl ?? "").replace("127.0.0.1", "localhost");
      const { exitCode, checks } = await runDoctor({ url, token, args });
      const notOk = checks.filter(({ status }) => status !== "ok").map(({ check, status }) => [check, status]);
      expect({ exitCode, notOk }).toEqual({ exitCode: 0, notOk: [["cors", "skipped"]] });
    });
  }

  test("with what --protocol works over, although another protocol does not", async () => {
    const { zitadel } = await startLogin();
    const url = await startProxy(zitadel.url);
    const token = zitadel.users[0].token;
    const run = async (protocol: string) => await runDoctor({ url, token, args: ["--protocol", protocol] });
    expect(await run("rest")).toMatchObject({ exitCode: 0, works: true });
    const { exitCode, checks } = await run("grpc");
    expect(exitCode).toBe(1);
    expect(checks.find(({ check }) => check === "grpc")?.remedy).toContain("use --protocol grpc-web");
    // What else there is to find is looked at over what works.
    const rest = checks.filter(({ check }) => check === "acceptance" || check === "list");
    expect(rest.map(({ status }) => status)).toEqual(["ok", "ok"]);
    const { stdout } = await runCli(["doctor"], { env: { ZITADEL_URL: url, ZITADEL_TOKEN: token } });
    expect(stdout).toMatch(/\n\ngrpc does not work, but grpc-web and rest do: use --protocol grpc-web\n$/);
  });

  test("with what --protocol works over, nor looks at CORS over what does not get through", async () => {
    const { zitadel } = await startLogin({ allowedOrigins: ["https://app.example.com"] });
    const url = await startProxy(zitadel.url, {
      answer: ({ url = "" }, response) => url.startsWith("/zitadel.") && Boolean(response.writeHead(404).end()),
    });
    const args = ["--protocol", "grpc-web", "--origin", "https://app.example.com"];
    const { checks } = await runDoctor({ url, token: zitadel.users[0].token, args });
    const cors = checks.filter(({ check }) => check.startsWith("cors"));
    expect(cors.map(({ check, status }) => `${check} ${status}`)).toEqual(["cors-grpc-web skipped", "cors-rest ok"]);
    expect(checks.at(-1)).toMatchObject({ check: "list", status: "ok" });
  });

  test("with a ZITADEL whose health nobody may see", async () => {
    const { zitadel } = await startLogin();
    const url = await startProxy(zitadel.url, {
      answer: ({ url = "" }, response) => url.startsWith("/debug/") && Boolean(response.writeHead(404).end()),
    });
    const { checks } = await runDoctor({ url, token: zitadel.users[0].token, args: ["--protocol", "rest"] });
    const message = "answers in HTTP/1.1, without a health check at /debug/healthz (HTTP 404)";
    expect(checks.find(({ check }) => check === "http")).toMatchObject({ status: "ok", message });
  });

  test("with what a ZITADEL of either kind lists, and says which kind it is", async () => {
    const messageOf = async (url: string, token: string) => (await runDoctor({ url, token })).checks.at(-1);
    const { zitadel: current } = await startLogin();
    const { tokens, token } = current.users[0];
    const count = `${current.users[0].sessions.length} sessions`;
    const active = "6 refresh tokens, \\d active$";
    for (const [given, own] of [
      [token, "this token's own among them"],
      [tokens.personal, "and which is this token's own is not known"],
    ] as const) {
      const message = expect.stringMatching(`^a ZITADEL with sessions lists ${count}, ${own}; ${active}`);
      expect(await messageOf(current.url, given)).toMatchObject({ check: "list", status: "ok", message });
    }
    const refreshTokens = Array.from({ length: 1_001 }, (_, index) => ({ userAgentId: `agent-${index}` }));
    const { zitadel: old } = await startLogin({ refreshTokens }, { release: "2.44" });
    const said = /^a ZITADEL without sessions, such as 2.44, lists 1000 refresh tokens of 1001 that there are, /;
    const message = expect.stringMatching(said);
    expect(await messageOf(old.url, old.users[0].token)).toMatchObject({ check: "list", status: "ok", message });
  });

  test("with a service user whose list is empty", async () => {
    const { zitadel } = await startLogin({ refreshTokens: [] }, { release: "2.44" });
    const token = zitadel.users[0].tokens.personal;
    const machine = JSON.stringify({ user: { id: zitadel.users[0].id, userName: "ci", machine: { name: "ci" } } });
    const url = await startProxy(zitadel.url, {
      answer: ({ url }, response) =>
        url === "/auth/v1/users/me" &&
        Boolean(response.writeHead(200, { "content-type": "application/json" }).end(machine)),
    });
    const args = ["--protocol", "rest"];
    const message = "a ZITADEL without sessions, such as 2.44, lists nothing: a service user signs in nowhere";
    expect((await runDoctor({ url, token, args })).checks.at(-1)).toMatchObject({ status: "ok", message });
    // Of a person it says what the server lists.
    const { checks } = await runDoctor({ url: zitadel.url, token, args });
    const remedy = "it lists the apps that asked for the scope offline_access, and no others";
    expect(checks.at(-1)).toMatchObject({ verdict: "list-empty", remedy });
  });

  test("with sign-ins of which one list is refused", async () => {
    const { zitadel } = await startLogin();
    zitadel.fail({ kind: "status", code: 7, message: "no", method: "ListSessions", times: Number.POSITIVE_INFINITY });
    const { checks } = await runDoctor({ url: zitadel.url, token: zitadel.users[0].token });
    const message = "6 refresh tokens; whether there are other sign-ins cannot be told: [permission_denied] no";
    expect(checks.at(-1)).toMatchObject({ check: "list", status: "ok", message });
  });

  test("with a prefix that a proxy takes away", async () => {
    const { zitadel } = await startLogin();
    const proxy = await startProxy(zitadel.url, {
      answer: (request, response) => {
        if (!request.url?.startsWith("/idp/")) return Boolean(response.writeHead(404).end());
        request.url = request.url.slice("/idp".length);
        return false;
      },
    });
    const url = `${proxy}/idp`;
    const { exitCode, checks } = await runDoctor({ url, token: zitadel.users[0].token, args: ["--protocol", "rest"] });
    expect(exitCode).toBe(0);
    expect(checks[0]).toMatchObject({ status: "ok", message: `${url}, with the prefix /idp for all calls` });
  });

  test("with a JWT that says the right things", async () => {
    const { zitadel } = await startLogin();
    const scope = "openid urn:zitadel:iam:org:project:id:zitadel:aud";
    const claims = { iss: zitadel.url, aud: ["1", "2"], exp: Math.floor(Date.now() / 1_000) + 7_300, scope };
    const { checks } = await runDoctor({ url: zitadel.url, token: jwtOf(claims) });
    const found = checks.find(({ check }) => check === "token");
    expect(found).toMatchObject({
      status: "ok",
      message: `a JWT, expires in 2 hours, for 1 2, with the scopes ${scope}`,
    });
  });
});

test.each([
  ["none", ""],
  ["one that is none", "canary of two words"],
  ["a whole line of an env file", "ZITADEL_TOKEN=canary"],
])("doctor with %s says so, and does not blame ZITADEL for what it did not send", async (_, token) => {
  const { zitadel } = await startLogin();
  const { exitCode, checks } = await runDoctor({ url: zitadel.url, token });
  expect(exitCode).toBe(4);
  const notOk = checks.filter(({ status }) => status !== "ok").map(({ check, status }) => [check, status]);
  expect(notOk).toEqual([
    ["tls", "skipped"],
    ["token", "failed"],
    ["acceptance", "skipped"],
    ["cors", "skipped"],
    ["list", "skipped"],
  ]);
  for (const name of ["grpc", "grpc-web", "rest"]) {
    const message = "reaches ZITADEL, which was asked without a token";
    expect(checks.find(({ check }) => check === name)).toMatchObject({ message });
  }
  expect(zitadel.requests.length).toBeGreaterThan(2);
  expect(zitadel.requests.filter(({ headers }) => "authorization" in headers)).toEqual([]);
});

describe("doctor says of a JWT that ZITADEL refuses", () => {
  const audienceScope = "urn:zitadel:iam:org:project:id:zitadel:aud";
  const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;

  async function acceptanceOf(claims: object) {
    const { zitadel } = await startLogin();
    const token = jwtOf({ iss: zitadel.url, ...claims });
    const { exitCode, checks } = await runDoctor({ url: zitadel.url, token });
    expect(exitCode).toBe(4);
    return checks.find(({ check }) => check === "acceptance");
  }

  test("that its audience may lack ZITADEL, which scope adds it, and that a refresh does not", async () => {
    expect(await acceptanceOf({ exp: inAnHour, aud: ["111@app", "222"] })).toMatchObject({
      verdict: "token-audience",
      message: expect.stringMatching(/^it is not expired, and for 111@app 222: is the ZITADEL project /),
      remedy: expect.stringMatching(`sign in again and ask for the scope ${audienceScope}: a refresh keeps the old`),
    });
  });

  test("only to get a new one if it has that scope, or is expired", async () => {
    const remedy = "get a new one: refresh it, or sign in again";
    const scoped = await acceptanceOf({ exp: inAnHour, aud: ["1"], scope: `openid ${audienceScope}` });
    expect(scoped).toMatchObject({ verdict: "token-refused", remedy });
    expect(await acceptanceOf({ exp: 1_700_000_000, aud: ["1"] })).toMatchObject({ verdict: "token-refused", remedy });
  });
});

describe("doctor names", () => {
  for (const status of [403, 464, 525, 530]) {
    test(`what does not let gRPC pass (HTTP ${status}), and the protocol that works, as list does`, async () => {
      const { zitadel, env } = await startLogin();
      const url = await startGrpcRefuser(zitadel.url, status);
      const { exitCode, checks } = await runDoctor({ url, token: zitadel.users[0].token });
      expect(checks.find(({ check }) => check === "grpc")).toMatchObject({
        verdict: "grpc-refused",
        remedy: expect.stringMatching(/use --protocol grpc-web$/),
      });
      expect(exitCode).toBe(1);
      const list = await runCli(["list", "-u", url], { env });
      expect(list.status).toBe(1);
      expect(list.stderr).toMatch(
        /\nhint: something in front of ZITADEL refuses gRPC: .*; or try --protocol grpc-web or rest: doctor tells which/,
      );
    });
  }

  test("the usual host where ZITADEL does not know its instance, as list does", async () => {
    const message = "unable to set instance using origin: ID=QUERY-1kIjX Message=Instance not found.";
    const { zitadel, env } = await startLogin();
    const refuse = () => zitadel.fail({ kind: "status", code: 5, message, times: 5 });
    const { port } = new URL(zitadel.url);
    refuse();
    const { checks } = await runDoctor({ url: zitadel.url, token: zitadel.users[0].token });
    const remedy = `is that localhost? Then use http://localhost:${port}`;
    expect(checks.find(({ verdict }) => verdict === "unknown-instance")?.remedy).toContain(remedy);
    expect((await runCli(["list"], { env })).stderr).toContain(remedy);
    const { stderr } = await runCli(["list", "-u", `http://localhost:${port}`], { env });
    expect(stderr).toMatch(/use that in --url, or add --header "x-forwarded-host: DOMAIN" to an internal URL\n$/);
    // Not again to whoever has done so.
    refuse();
    const headers = ["--header", "X-Forwarded-Host: my.example"];
    const { stderr: overGrpc } = await runCli(["list", ...headers], { env });
    expect(overGrpc).toMatch(/is that what x-forwarded-host says\? If so, try --protocol rest\n$/);
    const { stderr: overRest } = await runCli(["list", "--protocol", "rest", ...headers], { env });
    expect(overRest).toMatch(/is that what x-forwarded-host says\?\n$/);
  });

  test("https: for a port that refuses in TLS", async () => {
    const server = createTlsServer({ ...certificate("server"), ALPNProtocols: ["no-http"] });
    const port = await listen(server);
    const { checks } = await runDoctor({ url: `http://localhost:${port}` });
    expect(checks.find(({ check }) => check === "http")).toMatchObject({
      verdict: "tls-wanted",
      remedy: `use https://localhost:${port}`,
    });
  });
});

test("list says that a URL with a path is none of an instance", async () => {
  const { zitadel, env } = await startLogin();
  const { status, stderr } = await runCli(["list", "-u", `${zitadel.url}/ui/console`], { env });
  expect({ status, stderr }).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/hint: is the URL the root of the/),
  });
});

describe("doctor", () => {
  test("prints a line for each check, and what to do about it", async () => {
    const { zitadel, env } = await startLogin({ refreshTokens: [], sessions: [] });
    const { status, stdout, stderr } = await runCli(["doctor"], { env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines[0]).toBe(`ok    url            ${zitadel.url}`);
    expect(lines[3]).toBe("skip  tls            http: has none");
    expect(lines.at(-5)).toMatch(/^warn {2}list {11}a ZITADEL with sessions lists no sign-in, which does not mean /);
    expect(lines.at(-4)).toMatch(/^ {21}one from before 2025 lists no sessions; /);
    expect(lines.slice(-3)).toEqual(["", "grpc works", ""]);
  });

  (noTerminal ? test.skip : test)(
    "shows on a terminal that a step takes a while, and takes it away (needs script of util-linux)",
    async () => {
      const { zitadel, env } = await startLogin();
      zitadel.fail({ kind: "delay", ms: 900 });
      const { status, stdout } = await runOnTerminal(["doctor"], { env: { ...env, NO_COLOR: "1" } });
      expect(status).toBe(0);
      const [before, after, ...rest] = stdout.split("\r\u001b[K");
      expect(before?.split("\n").at(-1)).toMatch(/^(\rChecking …( \d s)?)+$/);
      expect(after).toMatch(/^ok {4}grpc /);
      expect(rest).toEqual([]);
    },
  );

  test("says in the end that it does not work", async () => {
    const port = await startTcp((socket) => socket.destroy());
    const env = { ZITADEL_URL: `http://127.0.0.1:${port}`, ZITADEL_TOKEN: canary };
    const { status, stdout } = await runCli(["doctor", "--protocol", "rest"], { env });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}http /m);
    expect(stdout).toMatch(/\n\nrest does not work\n$/);
  });

  test("goes no further than a step that others need", async () => {
    const { checks } = await runDoctor({ url: "https://no-such-host.invalid" });
    expect(checks.map(({ check, status }) => `${check} ${status}`)).toEqual(["url ok", "dns failed", "token ok"]);
  });

  test("sends the token to nobody whose certificate is bad", async () => {
    const { zitadel } = await startLogin({}, { tls: certificate("other-host") });
    const url = (zitadel.tlsUrl ?? "").replace("127.0.0.1", "localhost");
    const { exitCode } = await runDoctor({ url, token: zitadel.users[0].token, args: ["--ca", ca] });
    expect({ exitCode, requests: zitadel.requests }).toEqual({ exitCode: 1, requests: [] });
  });

  test("revokes nothing, and asks about a preflight only with --origin", async () => {
    const { zitadel } = await startLogin();
    await runDoctor({ url: zitadel.url, token: zitadel.users[0].token });
    expect(zitadel.requests.map(({ method }) => method)).not.toContain("OPTIONS");
    expect(zitadel.users[0].refreshTokens).toHaveLength(6);
    const args = ["--origin", "https://app.example.com"];
    await runDoctor({ url: zitadel.url, token: zitadel.users[0].token, args });
    expect(zitadel.requests.map(({ method }) => method)).toContain("OPTIONS");
  });

  test("shows text of a server, and does not obey it", async () => {
    const message = "\u001b[2Jgone\u202e";
    const url = await startHttp1((_request, response) => {
      response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify({ code: 13, message }));
    });
    const env = { ZITADEL_URL: url, ZITADEL_TOKEN: canary };
    const { stdout } = await runCli(["doctor"], { env });
    expect(stdout).toContain(String.raw`\u001b[2Jgone\u202e`);
    expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test("exits with 130 when it is interrupted", async () => {
    const { zitadel, env } = await startLogin({}, { faults: [{ kind: "hang", times: Number.POSITIVE_INFINITY }] });
    const { status, stdout } = await runCli(["doctor"], {
      env,
      started: async (child) => {
        // The health check, and a call that hangs.
        await requestsReach(zitadel, 2);
        child.kill("SIGINT");
      },
    });
    expect(status).toBe(130);
    expect(stdout).not.toContain("works");
  });

  for (const origin of ["app.example.com", "https://app.example.com/page", "null", "file:///a"]) {
    test(`takes no ${origin} for an origin`, async () => {
      const { status, stderr } = await runCli(["doctor", "--origin", origin], {
        env: { ZITADEL_URL: "http://localhost" },
      });
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: expect.stringMatching(/--origin must be the origin of/),
      });
    });
  }
});
