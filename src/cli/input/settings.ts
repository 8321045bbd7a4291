import type { Given } from "../command.js";
import { usageError } from "../command-error.js";
import { printWarning } from "../terminal/messages.js";
import type { commonOptions } from "./common-options.js";
import { readTextFile } from "./read-text-file.js";
import { type FoundToken, readToken } from "./read-token.js";

type Values = Given<typeof commonOptions>["values"];

export type ProtocolName = (typeof commonOptions.protocol.choices)[number];

/** Whom a command talks to, and how: the common options and the environment, read and checked. */
export interface Settings {
  readonly url: string;
  readonly token: FoundToken | undefined;
  readonly protocol: ProtocolName;
  /** `undefined`: the library's default. */
  readonly timeoutMs: number | undefined;
  /** Certificates to trust, PEM. */
  readonly ca: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly allowInsecure: boolean;
  readonly verbose: boolean;
}

/** Reads the common options and the environment. Throws a usage error that names what is wrong. */
export async function readSettings(values: Values, signal: AbortSignal): Promise<Settings> {
  const { env } = process;
  const { "token-file": file } = values;
  const usesLogin = file === undefined && !env.ZITADEL_TOKEN && !env.ZITADEL_TOKEN_FILE;
  const logins = usesLogin ? await import("../login/current-login.js") : undefined;
  const url = values.url ?? (env.ZITADEL_URL || logins?.onlyUrl());
  if (!url) throw usageError("no URL: pass --url or set ZITADEL_URL, such as https://my-instance.zitadel.cloud");
  if (values.ca !== undefined && !/^https:/i.test(url)) throw usageError("--ca is for https: URLs");
  const headers = (values.header ?? []).map(parseHeader);
  if (values.org !== undefined) headers.push(parseHeader(`x-zitadel-orgid: ${values.org}`));
  const ca = await readCertificates(values.ca, signal);
  const settings = {
    url,
    protocol: values.protocol ?? "grpc",
    timeoutMs: values.timeout === undefined ? undefined : parseDuration("--timeout", values.timeout, 1),
    ca,
    headers,
    allowInsecure: values["allow-insecure"] ?? false,
    verbose: values.verbose ?? false,
    token: logins ? await logins.readLoginToken(url, ca) : await readToken(file, signal),
  };
  if (settings.token) checkEnvironment(url);
  return settings;
}

/** Reads a duration such as `500ms`, `10s` or `2m`; a bare number is in seconds. In milliseconds. */
export function parseDuration(option: string, value: string, minMs: number): number {
  const [, digits, unit = "s"] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(value) ?? [];
  const ms = Number(digits) * { ms: 1, s: 1_000, m: 60_000 }[unit as "ms" | "s" | "m"];
  if (ms >= minMs && ms <= 3_600_000) return ms;
  throw usageError(
    `${option} must be ${minMs}ms to 60m, such as 500ms, 10s or 2m (a bare number is in seconds), got "${value}"`,
  );
}

function parseHeader(line: string): [string, string] {
  const [, name = "", value = ""] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\x20-\x7e]*?)[ \t]*$/.exec(line) ?? [];
  // The value stays unsaid: it may be a secret.
  if (!name) throw usageError('--header must be "Name: value" of printable ASCII, --org an id');
  if (/^(proxy-)?authorization$|^cookie$/i.test(name)) {
    throw usageError(`--header ${name} would show a secret on the command line: use ZITADEL_TOKEN or --token-file`);
  }
  return [name, value];
}

/** Reads the certificates of `--ca`, if it is given. */
export async function readCertificates(path: string | undefined, signal: AbortSignal): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const pem = await readTextFile("--ca", path, 1024 * 1024, signal);
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) throw usageError(`--ca ${path} holds no certificate in PEM`);
  return pem;
}

// What else on this machine could give the token away.
function checkEnvironment(url: string): void {
  const { NODE_TLS_REJECT_UNAUTHORIZED: reject, NODE_DEBUG: debug = "" } = process.env;
  if (reject === "0" && /^https:/i.test(url)) {
    const danger = "NODE_TLS_REJECT_UNAUTHORIZED=0 would give the token to whoever answers";
    throw usageError(`${danger}: unset it, and pass --ca FILE for a certificate of your own`);
  }
  if (/http|undici|fetch|tls|net|\*/i.test(debug)) {
    printWarning("NODE_DEBUG is set: what Node prints because of it can hold the token");
  }
}

/** Which sign-in is in use: the one that was named, else that of the login, whose id_token names it. */
export function currentSession(named: string | undefined, { token }: Pick<Settings, "token">) {
  return named === undefined ? { currentIdToken: token?.idToken } : { currentSessionId: named };
}
