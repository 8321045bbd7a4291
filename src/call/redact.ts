import type { ConnectError } from "@connectrpc/connect";

// So many characters of a token give it away, or enough of it: servers shorten what they quote, and so do we.
const tellingLength = 8;

const minTokenLength = 4;

/** Takes a token, and what a cut has left of it, out of all that a server said, in case it echoes what it was sent. */
export function redact(error: ConnectError, token: string): void {
  // One so short is no secret, and would be found in any text.
  if (token.length < minTokenLength) return;
  const clean = (text: string) => withoutToken(text, token);
  const { message, rawMessage, metadata } = error;
  if (clean(message) !== message || clean(rawMessage) !== rawMessage) {
    Object.assign(error, { rawMessage: clean(rawMessage) });
    error.message = clean(message);
    // V8 puts the message into the stack when the error is made.
    if (error.stack) error.stack = clean(error.stack);
  }
  for (const [name, value] of [...metadata]) {
    // `Headers` has put the name into lower case.
    const isTold = withoutToken(name, token.toLowerCase()) !== name || (name.endsWith("-bin") && isIn(value, token));
    if (isTold) metadata.delete(name);
    else if (clean(value) !== value) metadata.set(name, clean(value));
  }
  for (const detail of error.details) {
    if (!("type" in detail)) continue;
    if (clean(detail.type) !== detail.type) Object.assign(detail, { type: clean(detail.type) });
    blank(detail.value, token);
    if (reaches(detail.debug, token)) Object.assign(detail, { debug: "[redacted]" });
  }
  // A `fetch` of the caller's may hang the request on its errors.
  if (reaches(error.cause, token)) error.cause = summary(error.cause, clean);
}

function summary(cause: unknown, clean: (text: string) => string): unknown {
  if (!(cause instanceof Error)) return "[redacted]";
  const { name, message, code } = cause as Error & { code?: unknown };
  return Object.assign(new Error(clean(message)), { name, ...(typeof code === "string" && { code: clean(code) }) });
}

// Values to look at before a graph counts as too large to be sure of.
const maxVisits = 10_000;

// Whether the token is in something that can be reached from a value. With a stack of its own: JSON of a server's can
// be nested deeper than the program's.
function reaches(root: unknown, token: string): boolean {
  const open = [root];
  const seen = new Set<unknown>();
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string" && withoutToken(value, token) !== value) return true;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    if (seen.add(value).size > maxVisits) return true;
    if (value instanceof Headers || value instanceof Map) open.push(...[...value].flat());
    for (const key of Reflect.ownKeys(value)) {
      // Not through getters, which may do anything.
      open.push(key, Object.getOwnPropertyDescriptor(value, key)?.value);
    }
  }
  return false;
}

function withoutToken(text: string, token: string): string {
  const start = token.slice(0, tellingLength);
  let cleaned = "";
  let done = 0;
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, done)) {
    cleaned += `${text.slice(done, at)}[redacted]`;
    done = at + start.length;
    while (done - at < token.length && text[done] === token[done - at]) done++;
  }
  return cleaned + text.slice(done);
}

// Whether the base64 of a binary header holds it.
function isIn(base64: string, token: string): boolean {
  try {
    const text = atob(base64);
    return withoutToken(text, token) !== text;
  } catch {
    return false;
  }
}

// Overwritten in place, so that the lengths that protobuf writes before strings stay right.
function blank(bytes: Uint8Array, token: string): void {
  const asterisk = 0x2a;
  for (let at = 0; at < bytes.length; at++) {
    let length = 0;
    while (length < token.length && bytes[at + length] === token.charCodeAt(length)) length++;
    if (length >= Math.min(tellingLength, token.length)) bytes.fill(asterisk, at, at + length);
  }
}
