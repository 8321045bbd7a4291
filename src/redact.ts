import type { ConnectError } from "@connectrpc/connect";

/** Takes a token out of all that a server said, in case it echoes what it was sent. */
export function redact(error: ConnectError, token: string): void {
  const clean = (text: string) => text.replaceAll(token, "[redacted]");
  if (error.message.includes(token) || error.rawMessage.includes(token)) {
    Object.assign(error, { rawMessage: clean(error.rawMessage) });
    error.message = clean(error.message);
    // V8 puts the message into the stack when the error is made.
    if (error.stack) error.stack = clean(error.stack);
  }
  for (const [name, value] of [...error.metadata]) {
    if (value.includes(token)) error.metadata.set(name, clean(value));
  }
  for (const detail of error.details) {
    if (!("type" in detail)) continue;
    blank(detail.value, token);
    if (JSON.stringify(detail.debug ?? null).includes(token)) Object.assign(detail, { debug: "[redacted]" });
  }
}

// Overwritten in place, so that the lengths that protobuf writes before strings stay right.
function blank(bytes: Uint8Array, token: string): void {
  const asterisk = 0x2a;
  for (let at = 0; at <= bytes.length - token.length; at++) {
    let length = 0;
    while (length < token.length && bytes[at + length] === token.charCodeAt(length)) length++;
    if (length === token.length) bytes.fill(asterisk, at, at + length);
  }
}
