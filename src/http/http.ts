import type { ConnectError } from "@connectrpc/connect";

/**
 * Header fields as they came; names in lower case. `Headers` is one.
 */
export interface HttpFields {
  get(name: string): string | null | undefined;
  forEach(visit: (value: string, name: string) => void): void;
}

/** What is sent. The origin belongs to the client, so a request cannot leave it. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute path with query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** The beginning of an answer. */
export interface HttpHead {
  readonly status: number;
  readonly headers: HttpFields;
}

/** A whole answer. */
export interface HttpResponse extends HttpHead {
  readonly body: Uint8Array<ArrayBuffer>;
  /** HTTP trailers; absent where there were none or the client cannot see them. */
  readonly trailers?: HttpFields | undefined;
}

/** What an HTTP client asks while an answer comes in, so that it can stop early. */
export interface HttpGuard {
  /** Throws if the answer is not worth reading, as its head tells. */
  checkHead(head: HttpHead): void;
  /** Throws if the answer is not worth reading, as the first `startBytes` of its body tell; there may be more. */
  checkStart(head: HttpHead, start: Uint8Array): void;
  /** How many bytes `checkStart` needs of this answer; 0 if it has nothing to say. */
  startBytes(head: HttpHead): number;
  /** Bytes of body after which the client stops reading. */
  readonly maxBodyBytes: number;
}

/** What an HTTP client needs to know of the call that a request belongs to. */
export interface HttpCall {
  /** Why the call is over, once it is. */
  readonly stopped: ConnectError | undefined;
  /** What the call is waiting for, for the message of a deadline. */
  step: string;
  /** Has `end` called if the call stops before `offStop(end)`; at once if it has stopped. */
  onStop(end: () => void): void;
  /** Says that the step that `end` would end is over. */
  offStop(end: () => void): void;
  /** Says that the call stopped before its request was sent, so that it does not count as made. */
  notSent(): void;
}

/** Sends one request and returns one answer. Knows nothing of gRPC. Fails with a `ConnectError`, or with what a `fetch` threw. */
export interface HttpClient {
  /** Whether it sees HTTP trailers, which gRPC needs. */
  readonly hasTrailers: boolean;
  /** Whether names under localhost lead to this machine, whatever a resolver would say (RFC 6761 §6.3). */
  readonly keepsLocalhost: boolean;
  send(request: HttpRequest, guard: HttpGuard, call: HttpCall): Promise<HttpResponse>;
  /** Lets go of every connection at once. */
  close(): void;
}

/**
 * What a field says, empty if it is not there, cut: what a server made long would take what looks at it long as well.
 */
export function fieldText(fields: HttpFields, name: string, maxLength = 200): string {
  return (fields.get(name) ?? "").slice(0, maxLength);
}

/** Fields that are the properties of an object, as Node's parsers give them. */
export class ObjectFields implements HttpFields {
  readonly #fields: Record<string, unknown>;

  constructor(fields: Record<string, unknown>) {
    this.#fields = fields;
  }

  get(name: string): string | null {
    const value = this.#fields[name];
    return value === undefined ? null : String(value);
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (const [name, value] of Object.entries(this.#fields)) visit(String(value), name);
  }
}

/** Fields as web standard `Headers`, without those that belong to the connection or to a cookie jar. */
export function toHeaders(fields: HttpFields | undefined): Headers {
  const headers = new Headers();
  fields?.forEach((value, name) => {
    if (name !== "set-cookie") appendField(headers, name, value);
  });
  return headers;
}

/**
 * Appends a field unless its name or value is one that `Headers` throws at: what a server sends is no mistake of ours,
 * and ten thousand exceptions take a second.
 */
export function appendField(headers: Headers, name: string, value: string): void {
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\0\r\n\u0100-\uffff]/.test(value)) headers.append(name, value);
}

/** Bytes as text, a character each. */
export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  // A call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** Joins chunks of `length` bytes in all. A single chunk is taken as it is. */
export function concat(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  // A body never comes in shared memory.
  if (chunks.length === 1) return chunks[0] as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Names this package to servers, as `user-agent` has it (RFC 9110 §10.1.5). */
export const userAgent = "zitadel-refresh-tokens/0.1.0";
