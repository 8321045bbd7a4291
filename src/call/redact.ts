import type { ConnectError } from "@connectrpc/connect";
import { textOf } from "../failure.js";
import { latin1Text } from "../http/http.js";
import { isFree } from "./error-graph.js";

// So many characters of a token in a row give it away, or enough of it: servers shorten what they quote, and so do we.
const tellingLength = 8;

const minTokenLength = 4;

/** Takes a token, and whatever part of it tells, out of all that a server said, in case it echoes what it was sent. */
export function redact(error: ConnectError, token: string): void {
  // One so short is no secret, and would be found in any text.
  if (token.length < minTokenLength) return;
  const clean = cleanerOf(token);
  const cleanName = cleanerOf(token.toLowerCase());
  const isSecret = (text: string) => clean(text) !== text;
  const { message, rawMessage, metadata } = error;
  if (isSecret(message) || isSecret(rawMessage)) {
    Object.assign(error, { rawMessage: clean(rawMessage) });
    error.message = clean(message);
    // V8 puts the message into the stack when the error is made; Error.prepareStackTrace may make it no text.
    if (error.stack) error.stack = clean(String(error.stack));
  }
  for (const [name, value] of [...metadata]) {
    // `Headers` has put the name into lower case, and what is cut out of base64 leaves none.
    if (cleanName(name) !== name || (isSecret(value) && name.endsWith("-bin"))) metadata.delete(name);
    else if (isSecret(value)) metadata.set(name, clean(value));
  }
  for (const detail of error.details) {
    if (!("type" in detail)) {
      // Of a given transport, and not encoded yet: nothing can be cut out of it.
      if (!isFree(detail.value, isSecret)) error.details = error.details.filter((each) => each !== detail);
      continue;
    }
    if (isSecret(detail.type)) Object.assign(detail, { type: clean(detail.type) });
    blank(detail.value, clean);
    if (!isFree(detail.debug, isSecret)) Object.assign(detail, { debug: "[redacted]" });
  }
  // A `fetch` of the caller's may hang the request on its errors.
  if (!isFree(error.cause, isSecret)) error.cause = summary(error.cause, clean);
}

/** Takes the secret out of a text; `mask` makes what stands in its place. */
type Cleaner = (text: string, mask?: (secret: string) => string) => string;

// What is left of a cause that holds the token, or what nobody can look into.
function summary(cause: unknown, clean: Cleaner): unknown {
  if (typeof cause === "string") return clean(cause);
  const [name, message, code] = [textOf(cause, "name"), textOf(cause, "message"), textOf(cause, "code")];
  const left = new Error(clean(message ?? "what failed is not shown, since it may hold the token"));
  return Object.assign(left, { name: clean(name ?? "Error"), ...(code !== undefined && { code: clean(code) }) });
}

// Overwrites the secret in place, so that the lengths that protobuf writes before strings stay right. The `=` after
// base64 is left: it may be protobuf's.
function blank(bytes: Uint8Array, clean: Cleaner): void {
  const text = clean(latin1Text(bytes), (secret) => secret.replace(/[^=]/g, "*"));
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
}

function cleanerOf(token: string): Cleaner {
  const length = Math.min(tellingLength, token.length);
  const windows = new Set<string>();
  for (const form of [token, encodeURIComponent(token)]) {
    for (let at = 0; at + length <= form.length; at++) windows.add(form.slice(at, at + length));
  }

  function replaced(text: string, mask: (secret: string) => string): string {
    let cleaned = "";
    let done = 0;
    for (let at = 0; at + length <= text.length; at++) {
      if (!windows.has(text.slice(at, at + length))) continue;
      let end = at + length;
      while (end < text.length && windows.has(text.slice(end + 1 - length, end + 1))) end++;
      cleaned += text.slice(done, at) + mask(text.slice(at, end));
      done = end;
      at = end - 1;
    }
    return cleaned + text.slice(done);
  }

  // It may be cut anywhere, so that its four characters can begin at any of four places.
  function isInBase64(run: string): boolean {
    const text = run.replaceAll("-", "+").replaceAll("_", "/");
    return [0, 1, 2, 3].some((start) => {
      // A last group of one character is none.
      const end = text.length - ((text.length - start) % 4 === 1 ? 1 : 0);
      try {
        const decoded = atob(text.slice(start, end));
        return replaced(decoded, redacted) !== decoded;
      } catch {
        // It is no base64.
        return false;
      }
    });
  }

  return (text, mask = redacted) =>
    // Where nothing of the token stands as it is, it may stand in base64, in which the shortest takes six characters.
    replaced(text, mask).replace(/[\w+/-]{6,}={0,2}/g, (run) => (isInBase64(run) ? mask(run) : run));
}

const redacted = () => "[redacted]";
