import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { Code, createAuthClient, getErrorInfo, grpc, grpcWeb, rest } from "../../src/node.js";
import { cli, type Outcome, runCli } from "./run-cli.js";

/** Runs `serve` until `use` is through with it. */
async function serving(
  args: readonly string[],
  use: (url: string, token: string, greeting: string) => Promise<void>,
  stop: NodeJS.Signals = "SIGTERM",
  env: Record<string, string> = {},
): Promise<Outcome> {
  return await runCli(["serve", ...args], {
    env,
    started: async (child) => {
      let greeting = "";
      child.stdout.on("data", (text: string) => (greeting += text));
      while (!greeting.includes("Ctrl+C stops it.\n")) {
        if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const [, url = ""] = /: (http\S+)$/m.exec(greeting) ?? [];
      const [, token = ""] = /^Access token of its demo user: (\S+)$/m.exec(greeting) ?? [];
      await use(url, token, greeting);
      child.kill(stop);
    },
  });
}

const codeOf = async (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error) => ({ code: error.code, id: getErrorInfo(error).id, attempts: getErrorInfo(error).attempts }),
  );

describe("serve", () => {
  for (const stop of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    test(`serves over every protocol until ${stop}, which is success`, async () => {
      const outcome = await serving(
        [],
        async (baseUrl, token) => {
          for (const protocol of [grpc, grpcWeb, rest]) {
            await using auth = createAuthClient({ baseUrl, token, protocol });
            expect((await auth.listMyRefreshTokens({})).result).toHaveLength(6);
          }
        },
        stop,
      );
      expect(outcome).toMatchObject({ status: 0, stderr: "" });
    });
  }

  test("stops although a call is under way", async () => {
    let call: Promise<unknown> | undefined;
    const outcome = await serving(["--fault", "hang"], async (baseUrl, token) => {
      const auth = createAuthClient({ baseUrl, token, retry: false });
      call = codeOf(auth.listMyRefreshTokens({}));
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    expect(outcome).toMatchObject({ status: 0, stderr: "" });
    expect(await call).toMatchObject({ code: Code.Unavailable });
  });

  const curl = spawnSync("curl", ["--version"]).status === 0;
  test(`prints lines that work as they are${curl ? "" : " (but for curl, which is missing)"}`, async () => {
    await serving([], async (_url, _token, greeting) => {
      const line = /^ {2}(curl -d '\{\}' -H 'authorization: Bearer \S+' http:\S+_search)$/m.exec(greeting)?.[1] ?? "";
      expect(line).not.toBe("");
      const { stdout: answer } = spawnSync("sh", ["-c", line.replace("curl", "curl -s")], { encoding: "utf8" });
      if (curl) expect(JSON.parse(answer).result).toHaveLength(6);
      const [, ZITADEL_URL = "", ZITADEL_TOKEN = ""] =
        /^ {2}export ZITADEL_URL=(\S+) ZITADEL_TOKEN=(\S+)$/m.exec(greeting) ?? [];
      const { status, stdout } = await runCli(["list", "-o", "ids"], { env: { ZITADEL_URL, ZITADEL_TOKEN } });
      expect({ status, count: stdout.split("\n").length }).toEqual({ status: 0, count: 12 });
    });
  });

  test("serves the page, and opens it with --open", async () => {
    const folder = mkdtempSync(join(tmpdir(), "open-"));
    const opened = join(folder, "opened");
    for (const name of ["xdg-open", "open"]) {
      writeFileSync(join(folder, name), `#!/bin/sh\nprintf %s "$1" > ${opened}.new && mv ${opened}.new ${opened}\n`, {
        mode: 0o755,
      });
    }
    const env = { PATH: `${folder}:${process.env.PATH}` };
    try {
      const outcome = await serving(
        ["--open"],
        async (url, token, greeting) => {
          expect(greeting).toContain(`Where that user is signed in: ${url}/ (--open opens it)`);
          expect(await (await fetch(url)).text()).toContain("<title>Where you are signed in</title>");
          while (!existsSync(opened)) await new Promise((resolve) => setTimeout(resolve, 10));
          expect(readFileSync(opened, "utf8")).toBe(`${url}/`);
          expect(readFileSync(opened, "utf8")).not.toContain(token);
        },
        "SIGTERM",
        env,
      );
      expect(outcome).toMatchObject({ status: 0, stderr: "" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("says where the page is if no browser can be opened", async () => {
    let at = "";
    const use = async (url: string) => {
      at = url;
    };
    const outcome = await serving(["--open"], use, "SIGTERM", { PATH: "/nowhere" });
    expect(outcome.status).toBe(0);
    expect(outcome.stderr).toMatch(/^note: no browser was opened \([\w-]+: ENOENT\): open http/);
    expect(outcome.stderr).toContain(`open ${at}/`);
  });

  test("listens on the port that it is told, on this machine only", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, "close");
    const { status } = await serving(["--port", String(port)], async (url) => {
      expect(url).toBe(`http://127.0.0.1:${port}`);
      // An address of this machine too, on Linux; elsewhere of none.
      await expect(fetch(`http://127.0.0.2:${port}/debug/healthz`)).rejects.toThrow("fetch failed");
    });
    expect(status).toBe(0);
  });

  test("says that a port is taken, detached as well", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    try {
      for (const args of [[], ["--detach"]]) {
        const outcome = await runCli(["serve", ...args, "-p", String(port)]);
        const stderr = `error: port ${port} cannot be had (EADDRINUSE): pass another --port\n`;
        expect(outcome).toEqual({ status: 1, stdout: "", stderr });
      }
    } finally {
      taken.close();
    }
    expect((await runCli(["serve", "--detach", "--fault", "fire"])).status).toBe(2);
  });

  test("prints with -o json who it is, and with -o env too, of a token of one's own", async () => {
    for (const [format, read] of [
      ["env", parseEnv],
      ["json", JSON.parse],
    ] as const) {
      const outcome = await runCli(["serve", "-o", format, "--token-file", "-"], {
        input: "a-token-for-ci\n",
        started: async (child) => {
          child.stdin.end();
          const [text] = (await once(child.stdout, "data")) as [string];
          const { url = "", token, clientId, pid, ZITADEL_URL, ZITADEL_TOKEN, ZITADEL_PID } = read(text);
          expect([url || ZITADEL_URL, token ?? ZITADEL_TOKEN, Number(pid ?? ZITADEL_PID), clientId]).toEqual([
            expect.stringMatching(/^http:/),
            "a-token-for-ci",
            child.pid,
            format === "json" ? "320010000000000013" : undefined,
          ]);
          child.kill("SIGTERM");
        },
      });
      expect(outcome).toMatchObject({ status: 0, stderr: "" });
    }
  });

  (process.platform === "win32" ? describe.skip : describe)("lives until it is told to stop (needs POSIX):", () => {
    const command = `"${process.execPath}" "${cli}" serve -o env > "$OUT"`;
    // The shell ends when the server answers.
    const untilItAnswers = 'until [ -s "$OUT" ]; do sleep 0.1; done';

    /** Runs a shell script that leaves a server behind, and then `use`. */
    async function afterShell(script: string, use: (pid: number, list: () => Promise<unknown>) => Promise<void>) {
      const folder = mkdtempSync(join(tmpdir(), "serve-"));
      const OUT = join(folder, "env");
      let pid = 0;
      try {
        const shell = spawn("bash", ["-c", `${script}\n${untilItAnswers}`], {
          stdio: "ignore",
          env: { ...process.env, OUT },
        });
        await once(shell, "exit");
        const {
          ZITADEL_URL: baseUrl = "",
          ZITADEL_TOKEN: token = "",
          ZITADEL_PID,
        } = parseEnv(readFileSync(OUT, "utf8"));
        pid = Number(ZITADEL_PID);
        await using auth = createAuthClient({ baseUrl, token, retry: false });
        await use(pid, () => codeOf(auth.listMyRefreshTokens({})));
      } finally {
        if (pid) process.kill(pid, "SIGTERM");
        rmSync(folder, { recursive: true });
      }
    }

    for (const [name, script] of [
      ["a shell that leaves it in the background ends", `${command} &`],
      ["so does what stands in between, as npx does", `bash -c '${command}; true' &`],
    ] as const) {
      test(name, async () => {
        await afterShell(script, async (_, list) => {
          // Twice as long as it once took to notice.
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          expect(await list()).toBe(undefined);
        });
      });
    }

    (process.platform === "linux" ? test : test.skip)(
      "a hangup that nohup has it ignore is none (needs Linux)",
      async () => {
        await afterShell(`nohup ${command} &`, async (pid, list) => {
          process.kill(pid, "SIGHUP");
          await new Promise((resolve) => setTimeout(resolve, 200));
          expect(await list()).toBe(undefined);
        });
      },
    );
  });

  describe("--detach", () => {
    const detached = async (args: readonly string[], input = "") => {
      const { status, stdout, stderr } = await runCli(["serve", "--detach", ...args], { input });
      return { status, stdout, stderr };
    };
    const end = async (pid: number, auth: ReturnType<typeof createAuthClient>) => {
      process.kill(pid, "SIGTERM");
      const gone = () => codeOf(auth.listMyRefreshTokens({}, { timeoutMs: 1_000 }));
      while ((await gone())?.code !== Code.Unavailable) await new Promise((resolve) => setTimeout(resolve, 10));
    };

    for (const [format, read] of [
      ["env", parseEnv],
      ["json", JSON.parse],
      [
        "text",
        (text: string) => ({
          url: /: (http\S+)$/m.exec(text)?.[1],
          token: /^Access token of its demo user: (\S+)$/m.exec(text)?.[1],
          pid: /^kill (\d+) stops it\.\n$/m.exec(text)?.[1],
        }),
      ],
    ] as const) {
      test(`ends when it answers, and says where and what to stop, with -o ${format}`, async () => {
        const { status, stdout, stderr } = await detached(["-o", format, "--token-file", "-"], "my-own-token\n");
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        const said = read(stdout) as Record<string, string | undefined>;
        const { url = said.ZITADEL_URL, token = said.ZITADEL_TOKEN, pid = said.ZITADEL_PID } = said;
        expect(token).toBe("my-own-token");
        await using auth = createAuthClient({ baseUrl: url ?? "", token: token ?? "", retry: false });
        expect((await auth.listMyRefreshTokens({})).result).toHaveLength(6);
        await end(Number(pid), auth);
      });
    }
  });

  describe("--address", () => {
    test("where other machines can connect wants --allow-remote", async () => {
      for (const address of ["0.0.0.0", "::", "192.0.2.1"]) {
        const outcome = await runCli(["serve", "--address", address]);
        const mistake = `${address} is not a loopback address: pass --allow-remote to let other machines connect`;
        expect(outcome).toEqual({ status: 2, stdout: "", stderr: `error: ${mistake}\n` });
      }
    });

    test("that is not this machine's says so", async () => {
      const outcome = await runCli(["serve", "--address", "192.0.2.1", "--allow-remote"]);
      const stderr = "error: --address 192.0.2.1 cannot be had (EADDRNOTAVAIL): pass another one\n";
      expect(outcome).toEqual({ status: 1, stdout: "", stderr });
    });

    (process.platform === "linux" ? test : test.skip)(
      "lets others connect by the names of --host (needs Linux)",
      async () => {
        const outcome = await serving(
          ["--address", "0.0.0.0", "--allow-remote", "--host", "zitadel", "--host", "other"],
          async (url, token) => {
            const { port } = new URL(url);
            expect(url).toBe(`http://127.0.0.1:${port}`);
            for (const [name, code] of [
              ["zitadel", undefined],
              ["other", undefined],
              ["evil", { code: Code.NotFound }],
            ] as const) {
              // An address of this machine beside 127.0.0.1.
              const http2 = { createConnection: () => connect(Number(port), "127.0.0.2") };
              const options = { baseUrl: `http://${name}:${port}`, token, allowInsecure: true, http2 };
              await using auth = createAuthClient(options);
              const outcome = await codeOf(auth.listMyRefreshTokens({}));
              expect([name, outcome]).toEqual([name, code && expect.objectContaining(code)]);
            }
          },
        );
        const stderr = "warning: other machines can connect, and the page gives its token to whoever asks for it\n";
        expect(outcome).toMatchObject({ status: 0, stderr });
      },
    );
  });

  test("keeps on listing what was revoked with --lag", async () => {
    for (const [args, count] of [
      [[], 5],
      [["--lag", "1m"], 6],
    ] as const) {
      await serving(args, async (baseUrl, token) => {
        await using auth = createAuthClient({ baseUrl, token });
        const { result } = await auth.listMyRefreshTokens({});
        await auth.revokeMyRefreshToken({ id: result[0]?.id ?? "" });
        expect((await auth.listMyRefreshTokens({})).result).toHaveLength(count);
      });
    }
  });

  for (const [fault, first, second] of [
    ["status:code=not-found,id=COMMAND-BHt2w", { code: Code.NotFound, id: "COMMAND-BHt2w", attempts: 1 }, undefined],
    ["status:code=13,message=no = no,times=2", { code: Code.Internal, attempts: 1 }, { code: Code.Internal }],
    ["status:code=unavailable,times=all", { code: Code.Unavailable, attempts: 4 }, { code: Code.Unavailable }],
    ["expired-once:skip=1", undefined, { code: Code.Unauthenticated, id: "AUTH-7fs1e" }],
    ["html:status=502", undefined, undefined],
    ["hang:afterHeaders=true,method=list", { code: Code.DeadlineExceeded }, undefined],
    ["hang:method=revoke", undefined, undefined],
  ] as const) {
    test(`lets go wrong what --fault ${fault} says`, async () => {
      await serving(["--fault", fault], async (baseUrl, token) => {
        const timeoutMs = fault.startsWith("hang") ? 500 : 10_000;
        await using auth = createAuthClient({ baseUrl, token, timeoutMs });
        for (const expected of [first, second]) {
          const outcome = await codeOf(auth.listMyRefreshTokens({}));
          if (expected) expect(outcome).toMatchObject(expected);
          else expect(outcome).toBe(undefined);
        }
      });
    });
  }

  for (const [name, args, said] of [
    ["an argument", ["8080"], /serve takes options only, got "8080"/],
    ["a token that is none", ["--token-file", "-"], /^error: the token in standard input must be visible ASCII/],
    ["a part of a time", ["--fault", "hang:times=1.5"], /^error: --fault\b/],
    ["a status that is none", ["--fault", "html:status=9999"], /^error: --fault\b/],
    ["a port that is none", ["--port", "http"], /--port must be 0 to 65535, .* got "http"/],
    ["a port too high", ["--port", "65536"], /--port must be 0 to 65535/],
    ["a lag that is no time", ["--lag", "soon"], /--lag must be 0ms to 60m/],
    ["a fault of no kind", ["--fault", "fire"], /--fault: unknown fault "fire": use one of status, delay, /],
    ["a fault's field that is none", ["--fault", "hang:ms=1"], /"ms=1" is not NAME=VALUE with one of afterHeaders, /],
    ["a field without a value", ["--fault", "delay:ms"], /"ms" is not NAME=VALUE/],
    ["a number that is none", ["--fault", "delay:ms=soon"], /--fault: a fault of kind delay needs `ms`: a number/],
    ["an empty number", ["--fault", "delay:ms="], /--fault: a fault of kind delay needs `ms`: a number/],
    ["a code that is none", ["--fault", "status:code=ok"], /code must be of gRPC, such as unavailable or 14/],
    ["an RPC that is none", ["--fault", "hang:method=read"], /--fault: unknown method "read": use one of GetMyUser/],
    ["a fault without what it needs", ["--fault", "delay"], /--fault: a fault of kind delay needs `ms`/],
  ] as const) {
    test(`with ${name} is wrong usage`, async () => {
      const { status, stdout, stderr } = await runCli(["serve", ...args], { input: "a b" });
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
      expect(stderr).toMatch(said);
    });
  }
});
