import { type FaultKind, faultKinds } from "../../local/faults.js";
import type { LocalZitadel, LocalZitadelOptions } from "../../testing.js";
import { defineCommand, type Given } from "../command.js";
import { CommandError, exitCodes, usageError } from "../command-error.js";
import { outputOption } from "../input/common-options.js";
import { readTokenFile } from "../input/read-token.js";
import { parseDuration } from "../input/settings.js";
import { detach } from "../serve/detach.js";
import { greetings } from "../serve/greetings.js";
import { printWarning } from "../terminal/messages.js";

// Beside the built command.
const pageFolder = new URL("./page/", import.meta.url);

const openness = "other machines can connect, and the page gives its token to whoever asks for it";

const options = {
  port: { type: "string", short: "p", value: "PORT", help: "default 0: any free one" },
  address: {
    type: "string",
    value: "ADDRESS",
    help: "address to listen on, default 127.0.0.1; any but a loopback one, such as 0.0.0.0 in a container, needs --allow-remote",
  },
  "allow-remote": { type: "boolean", help: "lets other machines connect" },
  host: { type: "string", multiple: true, value: "NAME", help: "a name of it, beside localhost; may be repeated" },
  "token-file": {
    type: "string",
    value: "PATH",
    help: "file with the access token of the demo user, - for standard input; default: a random one",
  },
  detach: { type: "boolean", help: "goes on in the background, and says where once it answers; kill PID stops it" },
  output: outputOption(
    ["text", "env", "json"],
    `text (default)
env: ZITADEL_URL=URL, ZITADEL_TOKEN=TOKEN and ZITADEL_PID=PID, a line each, once it answers
json: { url, token, clientId, pid }, once it answers`,
  ),
  lag: { type: "string", value: "TIME", help: "how long lists still hold what has been revoked" },
  fault: { type: "string", multiple: true, value: "FAULT", help: "lets something go wrong; may be repeated" },
  release: {
    type: "string",
    value: "RELEASE",
    choices: ["2.44", "4", "4.11"],
    help: "which ZITADEL it is like, default 4; 2.44 has no sessions",
  },
  approve: { type: "boolean", help: "signs in whoever asks, without a page that asks back" },
  open: { type: "boolean", help: "opens the page in the system's browser" },
} as const;

export const serve = defineCommand({
  about:
    "Runs a local ZITADEL, in memory, with a demo user who is signed in at several places, and a page that shows them. " +
    "Only this machine can reach it, unless --allow-remote says otherwise. It runs until Ctrl+C, SIGTERM, or SIGHUP where " +
    "nohup does not ignore that.",
  options,
  notes:
    "A FAULT is KIND or KIND:NAME=VALUE,NAME=VALUE. It strikes the next call, or more calls with times=COUNT (or all), of " +
    "one RPC with method=list, revoke or revoke-all, after skip=COUNT.",
  terms: Object.fromEntries(Object.entries(faultKinds).map(describeFault)),
  examples: `zitadel-refresh-tokens serve --open
zitadel-refresh-tokens serve --port 8080 --lag 5s
zitadel-refresh-tokens serve --release 2.44
zitadel-refresh-tokens serve --detach -o env > zitadel.env
zitadel-refresh-tokens serve --address 0.0.0.0 --allow-remote --host zitadel -p 8080
zitadel-refresh-tokens serve --fault status:code=unavailable,times=2 --fault html:status=502`,

  /** Runs until it is told to stop, which is how it succeeds; detached, until it runs. */
  async run({ values }, signal) {
    const { detach: isDetached = false, output: format = "text" } = values;
    const zitadel = isDetached ? undefined : await start(values, signal);
    const facts = zitadel
      ? { url: zitadel.url, token: zitadel.users[0].token, clientId: zitadel.clientId, pid: process.pid }
      : await detach(values["token-file"] === "-", signal);
    if (typeof facts === "number") return facts;
    const stopped = zitadel && toldToStop(signal);
    // What is detached says it itself.
    if (values["allow-remote"] && !isDetached) printWarning(openness);
    process.stdout.write(greetings[format](facts, isDetached));
    if (values.open) (await import("../serve/open-browser.js")).openBrowser(`${facts.url}/`);
    await stopped;
    await zitadel?.close();
    return exitCodes.ok;
  },
});

function describeFault([kind, { does, needs = {}, takes }]: [string, FaultKind]): [term: string, meaning: string] {
  const [first = "", more] = [needs, takes].map((fields) =>
    Object.entries(fields ?? {})
      .map(([name, value]) => `${name}=${[value].flat().join("|")}`)
      .join(", "),
  );
  return [first ? `${kind}:${first}` : kind, more ? `${does}; also ${more}` : does];
}

type Values = Given<typeof options>["values"];

async function start(values: Values, signal: AbortSignal): Promise<LocalZitadel> {
  const { parseFault } = await import("../input/parse-fault.js");
  const { readPage } = await import("../serve/page-files.js");
  const { address, host: hosts, "token-file": file } = values;
  const token = file === undefined ? undefined : await readTokenFile("--token-file", file, signal);
  if (token?.mistake) throw usageError(token.mistake);
  const faults = (values.fault ?? []).map(parseFault);
  const zitadel: LocalZitadel = await listen({
    ...(token && { users: [{ token: token.value }] }),
    release: values.release,
    approve: values.approve,
    port: parsePort(values.port ?? "0"),
    address,
    allowRemote: values["allow-remote"],
    hosts,
    lagMs: values.lag === undefined ? 0 : parseDuration("--lag", values.lag, 0),
    assets: readPage(pageFolder, () => zitadel.users[0]),
  });
  try {
    for (const fault of faults) zitadel.fail(fault);
  } catch (error) {
    await zitadel.close();
    throw usageError(`--fault: ${(error as Error).message}`);
  }
  return zitadel;
}

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d{1,5}$/.test(value) && port <= 65_535) return port;
  throw usageError(`--port must be 0 to 65535, where 0 is any free one, got "${value}"`);
}

async function listen(options: LocalZitadelOptions): Promise<LocalZitadel> {
  const { startLocalZitadel } = await import("../../testing.js");
  const { port, address } = options;
  try {
    return await startLocalZitadel(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw usageError(message.replace("set allowRemote", "pass --allow-remote"));
    const what = code === "EADDRINUSE" || code === "EACCES" ? `port ${port}` : `--address ${address}`;
    throw new CommandError(
      `${what} cannot be had (${code}): pass another ${what.startsWith("-") ? "one" : "--port"}`,
      exitCodes.failed,
    );
  }
}

/** Resolves when the user, or the system, tells this process to stop. */
function toldToStop(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => resolve();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    process.once("SIGTERM", stop);
    // Node undoes at its start what nohup did for it. What is left is the shell's word for what it ran.
    const isIgnored = /(?:^|\/)nohup$/.test(process.env._ ?? "");
    // Without a listener Node ends at it.
    process.on("SIGHUP", isIgnored ? () => {} : stop);
  });
}
