import type { Finding } from "../../../src/cli/doctor/finding.js";
import { runCli } from "../run-cli.js";

/** A case that doctor shall find something out about. */
export interface Case {
  /** The check that shall find it. */
  readonly check: string;
  readonly url: string;
  /** Default: one that no server knows. */
  readonly token?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Default 1. */
  readonly exitCode?: number;
}

/** What brings a verdict about, by the verdict, and more after a colon where there are several. */
export type Cases = Readonly<Record<string, () => Promise<Case>>>;

/** What doctor said in JSON. */
export interface Report {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly works: boolean;
  readonly checks: readonly Finding[];
}

/** A JWT with these claims, of nobody. */
export function jwtOf(claims: object): string {
  const parts = [{ alg: "RS256" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return `${parts.join(".")}.c2lnbmF0dXJl`;
}

export const canary = "canary-token-of-nobody";

export async function runDoctor({ url, token = canary, args = [], env = {} }: Omit<Case, "check">): Promise<Report> {
  const variables = { ZITADEL_URL: url, ...(token && { ZITADEL_TOKEN: token }), ...env };
  const { status, stdout, stderr } = await runCli(["doctor", "-o", "json", "--timeout", "2s", ...args], {
    env: variables,
  });
  if (!stdout.startsWith("{")) throw new Error(`doctor did not report: ${stdout}${stderr}`);
  return { exitCode: status, stdout, stderr, ...(JSON.parse(stdout) as Pick<Report, "works" | "checks">) };
}
