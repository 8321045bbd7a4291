import { type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../testing.js";
import { CommandError, exitCodes, usageError } from "../command-error.js";
import { parseFault } from "../input/parse-fault.js";
import { noArguments, parseDuration, parseOptions } from "../input/parse-options.js";

/** Runs a local ZITADEL until it is interrupted or terminated, which is how it succeeds. */
export async function serve(args: string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    port: { type: "string", short: "p" },
    lag: { type: "string" },
    fault: { type: "string", multiple: true },
  });
  noArguments(positionals);
  const zitadel = await start({
    port: parsePort(values.port ?? "0"),
    lagMs: values.lag === undefined ? 0 : parseDuration("--lag", values.lag, 0),
    faults: (values.fault ?? []).map(parseFault),
  });
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    process.once("SIGTERM", () => resolve());
  });
  process.stdout.write(greeting(zitadel));
  await stopped;
  await zitadel.close();
  return exitCodes.ok;
}

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d{1,5}$/.test(value) && port <= 65_535) return port;
  throw usageError(`--port must be 0 to 65535, where 0 is any free one, got "${value}"`);
}

async function start(options: LocalZitadelOptions): Promise<LocalZitadel> {
  try {
    return await startLocalZitadel(options);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw usageError(`--fault: ${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`port ${options.port} cannot be had (${code}): pass another --port`, exitCodes.failed);
  }
}

function greeting({ url, users: [{ token }] }: LocalZitadel): string {
  return `A local ZITADEL, in memory, for gRPC, gRPC-Web and REST: ${url}
Access token of its demo user: ${token}

  curl -d '{}' -H 'authorization: Bearer ${token}' ${url}/auth/v1/users/me/tokens/refresh/_search

  export ZITADEL_URL=${url} ZITADEL_TOKEN=${token}
  npx zitadel-refresh-tokens list

Ctrl+C stops it.
`;
}
