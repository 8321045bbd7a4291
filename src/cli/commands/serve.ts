import type { LocalZitadel, LocalZitadelOptions } from "../../testing.js";
import { defineCommand } from "../command.js";
import { CommandError, exitCodes, usageError } from "../command-error.js";
import { describeFaults } from "../help/describe-faults.js";
import { readTokenFile } from "../input/read-token.js";
import { parseDuration } from "../input/settings.js";
import { starterGone } from "../starter-gone.js";

// Beside the built command.
const pageFolder = new URL("./page/", import.meta.url);

export const serve = defineCommand({
  about: `Runs a local ZITADEL, in memory, reachable from this machine only, with a demo
user who has half a dozen refresh tokens, and a page that shows them. Ctrl+C or
SIGTERM stops it, and the end of the shell that started it.`,
  options: {
    port: { type: "string", short: "p", value: "PORT", help: "default 0: any free one" },
    "token-file": {
      type: "string",
      value: "PATH",
      help: `file with the access token of the demo user, - for
standard input; default: a random one`,
    },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["text", "env", "json"],
      help: `text (default)
env: ZITADEL_URL=URL and ZITADEL_TOKEN=TOKEN, a line
each, once it listens
json: { url, token, pid }, once it listens`,
    },
    lag: { type: "string", value: "TIME", help: "how long lists still hold what has been revoked" },
    fault: { type: "string", multiple: true, value: "FAULT", help: "lets something go wrong; may be repeated" },
    open: { type: "boolean", help: "opens the page in the system's browser" },
  },
  notes: `A FAULT is KIND or KIND:NAME=VALUE,NAME=VALUE. It strikes the next call, or more
calls with times=COUNT (or all), of one RPC with method=list, revoke or
revoke-all, after skip=COUNT.

${describeFaults()}`,
  examples: `zitadel-refresh-tokens serve --open
zitadel-refresh-tokens serve --port 8080 --lag 5s
zitadel-refresh-tokens serve -o env > zitadel.env &
zitadel-refresh-tokens serve --fault status:code=unavailable,times=2 --fault html:status=502`,

  /** Runs until it is interrupted or terminated, which is how it succeeds. */
  async run({ values }, signal) {
    const { parseFault } = await import("../input/parse-fault.js");
    const { readPage } = await import("../page-files.js");
    const file = values["token-file"];
    const token = file === undefined ? undefined : await readTokenFile("--token-file", file, signal);
    if (token?.mistake) throw usageError(token.mistake);
    const faults = (values.fault ?? []).map(parseFault);
    const zitadel: LocalZitadel = await start({
      ...(token && { users: [{ token: token.value }] }),
      port: parsePort(values.port ?? "0"),
      lagMs: values.lag === undefined ? 0 : parseDuration("--lag", values.lag, 0),
      assets: readPage(pageFolder, () => zitadel.users[0]),
    });
    try {
      for (const fault of faults) zitadel.fail(fault);
    } catch (error) {
      await zitadel.close();
      throw usageError(`--fault: ${(error as Error).message}`);
    }
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
      process.once("SIGTERM", () => resolve());
      void starterGone().then(resolve);
    });
    process.stdout.write(greetings[values.output ?? "text"](zitadel));
    if (values.open) (await import("../open-browser.js")).openBrowser(`${zitadel.url}/`);
    await stopped;
    await zitadel.close();
    return exitCodes.ok;
  },
});

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d{1,5}$/.test(value) && port <= 65_535) return port;
  throw usageError(`--port must be 0 to 65535, where 0 is any free one, got "${value}"`);
}

async function start(options: LocalZitadelOptions): Promise<LocalZitadel> {
  const { startLocalZitadel } = await import("../../testing.js");
  try {
    return await startLocalZitadel(options);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw usageError(`--token-file: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`port ${options.port} cannot be had (${code}): pass another --port`, exitCodes.failed);
  }
}

const greetings = { text: greeting, env: variables, json: facts };

function variables({ url, users: [{ token }] }: LocalZitadel): string {
  const quoted = /^[\w.~+/=-]+$/.test(token) ? token : `'${token.replaceAll("'", "'\\''")}'`;
  return `ZITADEL_URL=${url}\nZITADEL_TOKEN=${quoted}\n`;
}

function facts({ url, users: [{ token }] }: LocalZitadel): string {
  return `${JSON.stringify({ url, token, pid: process.pid })}\n`;
}

function greeting({ url, users: [{ token }] }: LocalZitadel): string {
  return `A local ZITADEL, in memory, for gRPC, gRPC-Web and REST: ${url}
Access token of its demo user: ${token}
Where that user is signed in: ${url}/ (--open opens it)

  curl -d '{}' -H 'authorization: Bearer ${token}' ${url}/auth/v1/users/me/tokens/refresh/_search

  export ZITADEL_URL=${url} ZITADEL_TOKEN=${token}
  npx zitadel-refresh-tokens list

Ctrl+C stops it.
`;
}
