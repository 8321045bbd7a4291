import { Code, type ConnectError } from "@connectrpc/connect";
import { failure, tooLargeFailure } from "../failure.js";
import { concat, fieldText, type HttpFields, type HttpGuard, type HttpHead, type HttpResponse } from "./http.js";

/** An answer while it comes in. Throws the error that it comes to as soon as nothing in its rest can change that. */
export class IncomingAnswer {
  readonly #head: HttpHead;
  readonly #guard: HttpGuard;
  readonly #startBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(head: HttpHead, guard: HttpGuard) {
    const { status } = head;
    // RFC 9110 §15.4; 304 answers what nobody here asks.
    if (status >= 300 && status < 400 && status !== 304) throw redirectFailure(status);
    guard.checkHead(head);
    this.#head = head;
    this.#guard = guard;
    this.#startBytes = guard.startBytes(head);
  }

  /** Takes the next bytes of the body. */
  take(chunk: Uint8Array): void {
    const before = this.#length;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (before < this.#startBytes && this.#length >= this.#startBytes) {
      this.#guard.checkStart(this.#head, concat(this.#chunks, this.#length));
    }
    if (this.#length > this.#guard.maxBodyBytes) throw tooLargeFailure(this.#head.status);
  }

  /** The answer, once all of it has come. */
  whole(trailers?: HttpFields): HttpResponse {
    const { status, headers } = this.#head;
    return { status, headers, body: concat(this.#chunks, this.#length), trailers };
  }
}

/** The error of a redirect: none is followed, whichever client meets it. `httpStatus` is absent where `fetch` hides it. */
export function redirectFailure(httpStatus?: number): ConnectError {
  const status = httpStatus === undefined ? "" : `HTTP ${httpStatus}: `;
  const message = `${status}a redirect would carry the token elsewhere; correct baseUrl`;
  return failure(Code.Unknown, message, { reason: "redirect-refused", httpStatus });
}

/** An answer from Node's own parsers: they let pass a status that is none, and undo no content coding. */
export function parsedAnswer(head: HttpHead, guard: HttpGuard): IncomingAnswer {
  const { status, headers } = head;
  // Node 20 takes any three digits for an HTTP/2 status, such as 000.
  if (!(status >= 200)) {
    throw failure(Code.Internal, "the server's status is no HTTP status", { reason: "bad-http" });
  }
  const coding = fieldText(headers, "content-encoding", 40);
  if (coding !== "" && coding !== "identity") {
    const message = `the server used content-encoding ${coding}, which was not asked for`;
    throw failure(Code.Internal, message, { reason: "decompress", httpStatus: status });
  }
  return new IncomingAnswer(head, guard);
}

/** A chunk as protobuf likes it, which reads a Buffer more slowly. */
export function plainBytes({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
