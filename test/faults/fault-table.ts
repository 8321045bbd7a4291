import { expect, test } from "@jest/globals";
import { type Expected, expectOutcome, type Outcome } from "./fault-row.js";
import { type Client, type ClientOptions, clientFor, type RawOptions, type Route, startRaw } from "./routes.js";

/** A fault that a raw server produces, and what a caller of listMyRefreshTokens must get for it. */
export interface FaultRow {
  /** Section and number in the matrix, and the fault. */
  readonly name: string;
  readonly on: readonly Route[];
  /** What the server does instead of answering. */
  readonly server: RawOptions;
  readonly options?: Partial<ClientOptions>;
  readonly expected: Expected | ((route: Route) => Expected);
  /** How many requests the server saw; not asserted if absent. */
  readonly requests?: number;
  /** How many connections the server saw, likewise. */
  readonly connections?: number;
  /** Whether a second call on the same client finds a server that works; default true. */
  readonly heals?: boolean;
}

/** Declares one test for each row and route. */
export function testFaultRows(rows: readonly FaultRow[]): void {
  for (const row of rows) {
    for (const route of row.on) test(`${row.name}, ${route}`, () => runFaultRow(row, route));
  }
}

async function runFaultRow(row: FaultRow, route: Route): Promise<void> {
  const expected = typeof row.expected === "function" ? row.expected(route) : row.expected;
  await using server = await startRaw(route, row.server);
  await using client = clientFor(route, { baseUrl: server.url, ...row.options });
  await listOutcome(client, expected);
  if (row.requests !== undefined) expect(server.requests).toHaveLength(row.requests);
  if (row.connections !== undefined) expect(server.connections).toHaveLength(row.connections);
  if (row.heals === false) return;
  server.options = row.server.tls ? { tls: row.server.tls } : {};
  await listOutcome(client, { code: "ok" });
}

/** Lists, and asserts the outcome and all that holds for every call. */
export function listOutcome(
  client: Client,
  expected: Expected,
  callOptions: { timeoutMs?: number } = {},
): Promise<Outcome> {
  return expectOutcome((options) => client.listMyRefreshTokens({}, { ...callOptions, ...options }), expected);
}

/** Answers the first request like this, and the next ones as it should. */
export function firstOnly<T extends { number: number; ok(): void }>(fault: (one: T) => void): (one: T) => void {
  return (one) => (one.number === 1 ? fault(one) : one.ok());
}
