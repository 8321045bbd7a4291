import { fromBinary } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { fieldText } from "../http/fields.js";
import type { HttpFields, HttpHead } from "../http/http.js";

/**
 * How many milliseconds the server wants to be left alone: by gRFC A6's trailer, RetryInfo, or HTTP's Retry-After.
 * `Infinity` for ever, `undefined` if it does not say.
 */
export function pushback(
  details: ConnectError["details"],
  head: HttpHead,
  trailer: HttpFields | undefined,
): number | undefined {
  const ms = trailer?.get("grpc-retry-pushback-ms");
  if (ms != null) return /^\d{1,10}$/.test(ms) ? Number(ms) : Number.POSITIVE_INFINITY;
  for (const detail of details) {
    if (!("type" in detail) || detail.type !== RetryInfoSchema.typeName) continue;
    try {
      const { retryDelay } = fromBinary(RetryInfoSchema, detail.value);
      if (retryDelay) return Math.max(0, Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1e6);
    } catch {
      // A detail that cannot be read says nothing.
    }
  }
  if (head.status !== 429 && head.status !== 503) return undefined;
  const after = fieldText(head.headers, "retry-after");
  if (/^\d{1,10}$/.test(after)) return Number(after) * 1000;
  // RFC 9110 §10.2.3 allows a date, which has letters; `Date.parse` alone takes "-1" for a year. The server's own clock
  // tells how far away it is, unless it does not say.
  const date = /^[A-Z][a-z]{2}/.test(after) ? Date.parse(after) : Number.NaN;
  const now = Date.parse(fieldText(head.headers, "date")) || Date.now();
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
