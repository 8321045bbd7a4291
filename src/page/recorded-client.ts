import type { Facts } from "../element/dom.js";
import { type AuthClient, Code, createAuthClient } from "../web.js";
import type { Source } from "./source.js";

export type ProtocolName = "grpcWeb" | "rest";

/** A client of a source that tells of each request. Throws a TypeError or RangeError for a source that cannot be one. */
export async function createRecordedClient(
  source: Source,
  protocol: ProtocolName,
  tell: (request: Facts) => void,
): Promise<AuthClient> {
  let request: Facts = [];
  return createAuthClient({
    baseUrl: source.baseUrl,
    token: source.token,
    ...(protocol === "rest" && { protocol: (await import("./rest.js")).rest }),
    fetch: async (input, init) => {
      const { method, url, headers } = new Request(input, init);
      const sent = [
        ["Protocol", protocol === "rest" ? "REST" : "gRPC-Web"],
        ["Request", `${method} ${new URL(url).pathname}`],
        ["Content type", headers.get("content-type") ?? "none"],
      ] as const;
      request = sent;
      const answer = await fetch(input, init);
      request = [...sent, ["Answer", `${answer.status}, ${answer.headers.get("content-type") ?? "none"}`]];
      return answer;
    },
    onAttempt: ({ code, ms, bytes, attempt }) =>
      tell([
        ...request,
        ["Outcome", code === undefined ? "OK" : Code[code]],
        ["Time", `${ms.toFixed(1)} ms`],
        ["Bytes", String(bytes)],
        ["Attempt", String(attempt)],
      ]),
  });
}
