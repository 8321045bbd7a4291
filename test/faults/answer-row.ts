import type { ConnectError, Interceptor } from "@connectrpc/connect";
import { expect, test } from "@jest/globals";
import type { ListMyRefreshTokensResponse } from "../../gen/zitadel/auth_pb.js";
import { createAuthClient, grpc, grpcWeb, rest, type TransportOptions } from "../../src/node.js";
import { type Answer, type AnswerServer, type SeenRequest, startAnswerServer } from "../helpers/answer-server.js";
import type { ProtocolName } from "./answers.js";
import { canaryToken, type Expected, expectOutcome } from "./fault-row.js";

export const protocols = { grpc, grpcWeb, rest };

export type AuthClient = ReturnType<typeof createAuthClient>;

/** A fault that a server's answers produce, and what a caller of listMyRefreshTokens must get for it. */
export interface AnswerRow {
  readonly name: string;
  readonly on: readonly ProtocolName[];
  readonly answer: (protocol: ProtocolName, request: SeenRequest) => Answer | Promise<Answer>;
  readonly options?: Partial<TransportOptions>;
  readonly want: Want;
}

export interface Want extends Expected {
  readonly rawMessage?: string | RegExp;
  /** How many requests the server sees; 1 if absent. */
  readonly requests?: number;
  /** The least time between one request and the next, in milliseconds. */
  readonly gaps?: readonly number[];
  readonly response?: (response: ListMyRefreshTokensResponse) => void;
  readonly error?: (error: ConnectError) => void;
}

const pass: Interceptor = (next) => (request) => next(request);

/** Declares one test for each row and protocol, and for the first row another with an interceptor: another path of calls. */
export function testAnswerRows(rows: readonly AnswerRow[]): void {
  for (const row of rows) {
    for (const protocol of row.on) {
      test(`${protocol}: ${row.name}`, () => runAnswerRow(row, protocol, []));
      if (row !== rows[0]) continue;
      test(`${protocol}, intercepted: ${row.name}`, () => runAnswerRow(row, protocol, [pass]));
    }
  }
}

async function runAnswerRow(row: AnswerRow, protocol: ProtocolName, interceptors: Interceptor[]): Promise<void> {
  const { rawMessage, requests = 1, gaps = [], response, error, ...expected } = row.want;
  await using server = await startAnswerServer(protocol, (request) => row.answer(protocol, request));
  await using auth = rowClient(server, protocol, { interceptors, ...row.options });
  const outcome = await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
    ...(expected.code === "ok" ? {} : { attempts: requests }),
    ...expected,
  });
  expect(server.requests).toHaveLength(requests);
  for (const [i, gap] of gaps.entries()) {
    const between = (server.requests[i + 1]?.at ?? 0) - (server.requests[i]?.at ?? 0);
    // Timers may fire a millisecond early; how late they are is the machine's affair.
    expect(between).toBeGreaterThanOrEqual(gap - 2);
  }
  if (outcome.error) {
    if (rawMessage !== undefined) expect(outcome.error.rawMessage).toEqual(matching(rawMessage));
    error?.(outcome.error);
  } else {
    response?.(outcome.value as ListMyRefreshTokensResponse);
  }
}

/** A client with the rows' defaults: the canary token, 1 ms of backoff and a deadline that no row should meet. */
export function rowClient(
  server: Pick<AnswerServer, "baseUrl">,
  protocol: ProtocolName,
  options: Partial<TransportOptions> = {},
): AuthClient {
  return createAuthClient({
    baseUrl: server.baseUrl,
    protocol: protocols[protocol],
    token: canaryToken,
    timeoutMs: 4000,
    retry: { initialBackoffMs: 1 },
    ...options,
  });
}

function matching(text: string | RegExp): unknown {
  return typeof text === "string" ? text : expect.stringMatching(text);
}
