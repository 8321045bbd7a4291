import type { ConnectError } from "@connectrpc/connect";
import { propertyOf, textOf } from "../failure.js";
import { latin1Text } from "../http/http.js";

// So many characters of a token in a row give it away, or enough of it: servers shorten what they quote, and so do we.
const tellingLength = 8;

const minTokenLength = 4;

/**
 * Takes tokens, and pieces of them, out of an error that this library made, in case a server or a `fetch` says back what it
 * was sent. Its cause becomes a plain error, since others may have any property.
 */
export function redact(error: ConnectError, tokens: Iterable<string>): void {
  const errors: Error[] = [error];
  if (error.cause !== undefined) {
    const cause = plainError(error.cause);
    error.cause = cause;
    errors.push(cause);
  }
  for (const token of tokens) {
    // One so short is no secret, and would be found in any text.
    if (token.length < minTokenLength) continue;
    const clean = cleanerOf(token);
    for (const each of errors) cleanTexts(each, clean);
    cleanMetadata(error.metadata, clean, token);
    for (const detail of error.details) if ("type" in detail) cleanDetail(detail, clean);
  }
}

const texts = ["name", "message", "rawMessage", "code", "stack"];

/** An error that has nothing but the texts of another. */
function plainError(cause: unknown): Error {
  const error = new Error(typeof cause === "string" ? cause : textOf(cause, "message"));
  for (const name of texts) {
    const text = textOf(cause, name);
    if (text !== undefined && text !== textOf(error, name)) Object.assign(error, { [name]: text });
  }
  return error;
}

function cleanTexts(error: object, clean: Cleaner): void {
  for (const name of texts) {
    const value = propertyOf(error, name);
    // A stack may be anything: Error.prepareStackTrace makes it.
    const text = name === "stack" && value !== undefined ? String(value) : value;
    const cleaned = typeof text === "string" ? clean(text) : value;
    if (cleaned !== value) Object.assign(error, { [name]: cleaned });
  }
}

function cleanMetadata(metadata: Headers, clean: Cleaner, token: string): void {
  for (const [name, value] of [...metadata]) {
    const cleaned = clean(value);
    // What is cut out of base64 leaves none.
    if (isPartOf(token, name) || (cleaned !== value && name.endsWith("-bin"))) metadata.delete(name);
    else if (cleaned !== value) metadata.set(name, cleaned);
  }
}

// `Headers` has put names into lower case.
function isPartOf(token: string, name: string): boolean {
  const [secret, length] = [token.toLowerCase(), Math.min(tellingLength, token.length)];
  for (let at = 0; at + length <= name.length; at++) if (secret.includes(name.slice(at, at + length))) return true;
  return false;
}

function cleanDetail(detail: IncomingDetail, clean: Cleaner): void {
  const json = JSON.stringify(detail.debug) ?? "";
  if (clean(json) !== json) Object.assign(detail, { debug: "[redacted]" });
  if (clean(detail.type) !== detail.type) Object.assign(detail, { type: clean(detail.type) });
  blank(detail.value, clean);
}

type IncomingDetail = Extract<ConnectError["details"][number], { type: string }>;

/** Takes the secret out of a text; `mask` makes what stands in its place. */
type Cleaner = (text: string, mask?: (secret: string) => string) => string;

// Overwrites the secret in place, so that the lengths that protobuf writes before strings stay right. The `=` after
// base64 is left: it may be protobuf's.
function blank(bytes: Uint8Array, clean: Cleaner): void {
  const text = clean(latin1Text(bytes), (secret) => secret.replace(/[^=]/g, "*"));
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
}

function cleanerOf(token: string): Cleaner {
  const length = Math.min(tellingLength, token.length);
  const secrets = new Set<string>();
  for (const form of new Set([token, encodeURIComponent(token)])) {
    for (let at = 0; at + length <= form.length; at++) secrets.add(form.slice(at, at + length));
  }

  function replaced(text: string, mask: (secret: string) => string): string {
    let cleaned = "";
    let done = 0;
    for (let at = 0; at + length <= text.length; at++) {
      if (!secrets.has(text.slice(at, at + length))) continue;
      let end = at + length;
      while (end < text.length && secrets.has(text.slice(end + 1 - length, end + 1))) end++;
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
