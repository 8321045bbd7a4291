import type { Code } from "@connectrpc/connect";

/** What gRPC's codes mean, from 1 (Canceled) to 16 (Unauthenticated), for a status that comes without a word. */
const meanings = [
  "the call was canceled",
  "the server failed without a reason",
  "the server does not understand the request",
  "the deadline passed at the server",
  "the server does not have it",
  "the server has it already",
  "this is not allowed",
  "a limit is used up",
  "the server cannot do this now",
  "another call came in between",
  "the server does not have that much",
  "the server does not have this method",
  "the server failed",
  "the server is not available",
  "the server lost data",
  "the server does not know who calls",
];

/** A sentence for a code. */
export function meaningOf(code: Code): string {
  return meanings[code - 1] ?? "";
}
