import {
  type Attempt,
  type AuthClient,
  createAuthClient,
  type ListMyRefreshTokensResponse,
  type RevokeResult,
  revokeRefreshTokens,
} from "../web.js";
import type { Source } from "./source.js";

export type ProtocolName = "grpcWeb" | "rest";

/** What a call sent and got. Of a call that revokes several tokens: of its last request, and all attempts. */
export interface CallRecord {
  readonly name: string;
  readonly protocol: ProtocolName;
  ms?: number;
  request?: string;
  contentType?: string;
  status?: string;
  answerType?: string;
  readonly attempts: Attempt[];
}

/** A client of one source over one protocol, which tells `onChange` of each request. */
export interface Calls {
  list(): Promise<ListMyRefreshTokensResponse>;
  revoke(ids: readonly string[]): Promise<RevokeResult>;
  /** Ends what is under way. */
  close(): void;
}

/** Throws a TypeError or RangeError for a source that cannot be one. */
export async function createCalls(
  source: Source,
  protocol: ProtocolName,
  onChange: (record: CallRecord) => void,
): Promise<Calls> {
  let record: CallRecord;
  const auth: AuthClient = createAuthClient({
    baseUrl: source.baseUrl,
    token: source.token,
    ...(protocol === "rest" && { protocol: (await import("./rest.js")).rest }),
    fetch: async (input, init) => {
      const current = record;
      const { method, url, headers } = new Request(input, init);
      current.request = `${method} ${new URL(url).pathname}`;
      current.contentType = headers.get("content-type") ?? "none";
      const answer = await fetch(input, init);
      current.status = String(answer.status);
      current.answerType = answer.headers.get("content-type") ?? "none";
      return answer;
    },
    onAttempt: (attempt) => {
      record.attempts.push(attempt);
      onChange(record);
    },
  });

  async function recorded<T>(name: string, run: () => Promise<T>): Promise<T> {
    const current: CallRecord = { name, protocol, attempts: [] };
    record = current;
    const start = performance.now();
    try {
      return await run();
    } finally {
      current.ms = performance.now() - start;
      onChange(current);
    }
  }

  return {
    list: () => recorded("List", () => auth.listMyRefreshTokens({})),
    revoke: (ids) =>
      recorded(ids.length === 1 ? "Revoke" : `Revoke ${ids.length}`, () => revokeRefreshTokens(auth, ids)),
    close: () => void auth.close(),
  };
}
