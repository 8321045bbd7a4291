import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ClientOptions, Route } from "./routes.js";

export interface ChildOutcome {
  readonly route: string;
  /** Absent if the call succeeded. */
  readonly code?: number;
  readonly reason?: string;
  readonly attempts?: number;
  readonly message?: string;
  readonly causeCode?: string;
  /** Where the error holds the token. */
  readonly places?: string[];
}

/** What the program does. */
export interface ChildInput {
  readonly baseUrl: string;
  readonly routes: readonly Route[];
  /** Pause before a second call on the same client; no such call if absent. */
  readonly againAfterMs?: number;
  readonly options?: Pick<ClientOptions, "timeoutMs" | "http2">;
}

/**
 * Lists over each route in a process of its own: for what a process learns only when it starts, such as the
 * authorities that `fetch` trusts (NODE_EXTRA_CA_CERTS).
 */
export async function listInChild(input: ChildInput, env: Record<string, string> = {}): Promise<ChildOutcome[]> {
  const program = fileURLToPath(new URL("./list-program.js", import.meta.url));
  const child = promisify(execFile)(process.execPath, [program, JSON.stringify(input)], {
    env: { ...process.env, ...env },
    timeout: 20_000,
  });
  const { stdout } = await child;
  return JSON.parse(stdout) as ChildOutcome[];
}
