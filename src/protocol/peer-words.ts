import { fieldText, maxTextLength } from "../http/fields.js";
import type { HttpHead } from "../http/http.js";

/** So much of an error answer that is not the API's is read for its maker's own words, as grpc-go does. */
export const maxWordsBytes = 1024;

/** Whether a body may hold words of a proxy or a gateway about what went wrong: short text or JSON, but no page. */
export function mayHaveWords({ status, headers }: HttpHead): boolean {
  if (status < 400) return false;
  const type = fieldText(headers, "content-type");
  return /^(?:text\/plain|application\/(?:[\w.-]+\+)?json)\s*(?:;|$)/i.test(type);
}

/** What a proxy or a gateway says in the body of its error: the first line, or the message in its JSON; may be empty. */
export function peerWords(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, maxTextLength)).trim();
  const [line = ""] = (messageOf(text) ?? text).trim().split(/[\r\n]/, 1);
  // HTML that is said to be text.
  return line.startsWith("<") ? "" : line.slice(0, 200);
}

// By the names that Kong, AWS, Spring, RFC 9457 and others give it, such as `{ "error": { "message": "…" } }`.
function messageOf(text: string): string | undefined {
  try {
    const { message, detail, title, error } = JSON.parse(text);
    return [message, detail, title, error?.message, error].find((each) => each && typeof each === "string");
  } catch {
    return undefined;
  }
}
