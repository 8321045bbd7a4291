import { type Attempt, type AuthClient, createAuthClient } from "../web.js";
import type { Source } from "./source.js";

export type ProtocolName = "grpcWeb" | "rest";

/** What the last request sent and got. */
export interface RequestRecord {
  readonly protocol: ProtocolName;
  readonly request: string;
  readonly contentType: string;
  status?: string;
  answerType?: string;
  attempt?: Attempt;
}

/** A client of a source that tells of each request. Throws a TypeError or RangeError for a source that cannot be one. */
export async function createRecordedClient(
  source: Source,
  protocol: ProtocolName,
  onChange: (record: RequestRecord) => void,
): Promise<AuthClient> {
  let record: RequestRecord | undefined;
  return createAuthClient({
    baseUrl: source.baseUrl,
    token: source.token,
    ...(protocol === "rest" && { protocol: (await import("./rest.js")).rest }),
    fetch: async (input, init) => {
      const { method, url, headers } = new Request(input, init);
      const current: RequestRecord = {
        protocol,
        request: `${method} ${new URL(url).pathname}`,
        contentType: headers.get("content-type") ?? "none",
      };
      record = current;
      const answer = await fetch(input, init);
      current.status = String(answer.status);
      current.answerType = answer.headers.get("content-type") ?? "none";
      return answer;
    },
    onAttempt: (attempt) => {
      if (!record) return;
      record.attempt = attempt;
      onChange(record);
    },
  });
}
