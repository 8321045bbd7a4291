import type { ConnectError } from "@connectrpc/connect";

// So many characters of a token give it away, or enough of it: servers shorten what they quote, and so do we.
const tellingLength = 8;

/** Takes a token, and what a cut has left of it, out of all that a server said, in case it echoes what it was sent. */
export function redact(error: ConnectError, token: string): void {
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
    blank(detail.value, token);
    const debug = JSON.stringify(detail.debug ?? null);
    if (clean(debug) !== debug) Object.assign(detail, { debug: "[redacted]" });
  }
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
