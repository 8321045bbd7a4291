import type { ConnectError } from "@connectrpc/connect";
import { isFree, textOf } from "./error-graph.js";

// So many characters of a token in a row give it away, or enough of it: servers shorten what they quote, and so do we.
const tellingLength = 8;

const minTokenLength = 4;

/** Takes a token, and whatever part of it tells, out of all that a server said, in case it echoes what it was sent. */
export function redact(error: ConnectError, token: string): void {
  // One so short is no secret, and would be found in any text.
  if (token.length < minTokenLength) return;
  const secret = new Secret(token);
  const lowerCase = new Secret(token.toLowerCase());
  const clean = (text: string) => secret.cleaned(text);
  const { message, rawMessage, metadata } = error;
  if (clean(message) !== message || clean(rawMessage) !== rawMessage) {
    Object.assign(error, { rawMessage: clean(rawMessage) });
    error.message = clean(message);
    // V8 puts the message into the stack when the error is made.
    if (error.stack) error.stack = clean(error.stack);
  }
  for (const [name, value] of [...metadata]) {
    // `Headers` has put the name into lower case, and what is cut out of base64 leaves none.
    const isTold = clean(value) !== value;
    if (lowerCase.isIn(name) || (isTold && name.endsWith("-bin"))) metadata.delete(name);
    else if (isTold) metadata.set(name, clean(value));
  }
  for (const detail of error.details) {
    if (!("type" in detail)) continue;
    if (secret.isIn(detail.type)) Object.assign(detail, { type: clean(detail.type) });
    secret.blank(detail.value);
    if (!isFree(detail.debug, (text) => secret.isIn(text))) Object.assign(detail, { debug: "[redacted]" });
  }
  // A `fetch` of the caller's may hang the request on its errors.
  if (!isFree(error.cause, (text) => secret.isIn(text))) error.cause = summary(error.cause, clean);
}

// What is left of a cause that holds the token, or what nobody can look into.
function summary(cause: unknown, clean: (text: string) => string): unknown {
  if (typeof cause === "string") return clean(cause);
  const [name, message, code] = [textOf(cause, "name"), textOf(cause, "message"), textOf(cause, "code")];
  const left = new Error(clean(message ?? "what failed is not shown, since it may hold the token"));
  return Object.assign(left, { name: clean(name ?? "Error"), ...(code !== undefined && { code: clean(code) }) });
}

/** A token, to find again in any text. */
class Secret {
  readonly #length: number;
  readonly #windows = new Set<string>();

  constructor(token: string) {
    this.#length = Math.min(tellingLength, token.length);
    for (let at = 0; at + this.#length <= token.length; at++) this.#windows.add(token.slice(at, at + this.#length));
  }

  isIn(text: string): boolean {
    return this.cleaned(text) !== text;
  }

  cleaned(text: string): string {
    const plain = this.#replaced(text);
    // Where nothing of the token stands as it is, it may stand in base64.
    return plain.replace(/[\w+/-]{11,}={0,2}/g, (run) => (this.#isInBase64(run) ? "[redacted]" : run));
  }

  /** Overwrites it in place, so that the lengths that protobuf writes before strings stay right. */
  blank(bytes: Uint8Array): void {
    const asterisk = 0x2a;
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    for (const [start, end] of this.#places(text)) bytes.fill(asterisk, start, end);
    for (const { index, 0: run } of text.matchAll(/[\w+/-]{11,}/g)) {
      if (this.#isInBase64(run)) bytes.fill(asterisk, index, index + run.length);
    }
  }

  #replaced(text: string): string {
    let cleaned = "";
    let done = 0;
    for (const [start, end] of this.#places(text)) {
      cleaned += `${text.slice(done, start)}[redacted]`;
      done = end;
    }
    return cleaned + text.slice(done);
  }

  *#places(text: string): Generator<readonly [start: number, end: number]> {
    const length = this.#length;
    for (let at = 0; at + length <= text.length; at++) {
      if (!this.#windows.has(text.slice(at, at + length))) continue;
      let end = at + length;
      while (end < text.length && this.#windows.has(text.slice(end + 1 - length, end + 1))) end++;
      yield [at, end];
      at = end - 1;
    }
  }

  // It may be cut anywhere, so that its four characters can begin at any of four places.
  #isInBase64(run: string): boolean {
    const text = run.replaceAll("-", "+").replaceAll("_", "/");
    for (let start = 0; start < 4; start++) {
      // A last group of one character is none.
      const end = text.length - ((text.length - start) % 4 === 1 ? 1 : 0);
      try {
        if (!this.#places(atob(text.slice(start, end))).next().done) return true;
      } catch {
        // It is no base64.
      }
    }
    return false;
  }
}
