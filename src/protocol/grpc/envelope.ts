import { Code } from "@connectrpc/connect";
import { failure, tooLargeFailure } from "../../failure.js";
import { concat, fieldText, type HttpHead } from "../../http/http.js";
import { maxTrailerBytes } from "../../limits.js";
import { answerFailure } from "../failures.js";

/** Length of the prefix: enough to tell a message that is too large. */
export const prefixBytes = 5;
/** The bit of an envelope's flags that says that its data is compressed. */
export const compressedFlag = 0b00000001;
/** The bit of an envelope's flags that says that its data is gRPC-Web trailers. */
export const trailersFlag = 0b10000000;

/** One length-prefixed message. */
export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Puts gRPC's prefix before a message: flags, and the length in four bytes. */
export function encodeEnvelope(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(prefixBytes + data.length);
  new DataView(bytes.buffer).setUint32(1, data.length);
  bytes.set(data, prefixBytes);
  return bytes;
}

/** Refuses trailers of gRPC-Web that are longer than they may be. */
export function checkTrailers(length: number, head: HttpHead): void {
  if (length <= maxTrailerBytes) return;
  const message = `the answer's trailers are larger than ${maxTrailerBytes} bytes`;
  throw answerFailure(Code.ResourceExhausted, "response-too-large", message, head);
}

/** Refuses a message, or trailers, by its prefix if it is larger than it may be. */
export function checkEnvelope(start: Uint8Array, maxResponseBytes: number, head: HttpHead): void {
  const isTrailers = ((start[0] ?? 0) & trailersFlag) !== 0;
  const length = new DataView(start.buffer, start.byteOffset).getUint32(1);
  if (isTrailers) checkTrailers(length, head);
  else if (length > maxResponseBytes) throw tooLargeFailure(head.status);
}

/**
 * Splits a body into its envelopes. Throws if it ends within one. Of more than three it leaves out those between the
 * second and the last: any number is wrong, and a million empty ones must not take a hundred times their size.
 */
export function decodeEnvelopes(body: Uint8Array<ArrayBuffer>, head: HttpHead): Envelope[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const envelopes: Envelope[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + prefixBytes + (at + prefixBytes <= body.length ? view.getUint32(at + 1) : 0);
    if (end > body.length) {
      throw answerFailure(Code.Internal, "truncated", "the answer ends within a message", head);
    }
    if (envelopes.length < 2 || end === body.length) {
      envelopes.push({ flags: view.getUint8(at), data: body.subarray(at + prefixBytes, end) });
    }
    at = end;
  }
  return envelopes;
}

/** How an answer is compressed, `undefined` for not at all. Throws if it is not a way that was offered. */
export function encodingOf(head: HttpHead, acceptedGzip: boolean): "gzip" | undefined {
  const encoding = fieldText(head.headers, "grpc-encoding");
  if (encoding === "" || encoding === "identity") return undefined;
  if (encoding === "gzip" && acceptedGzip) return "gzip";
  const message = `the server used compression "${encoding}", which was not offered`;
  throw answerFailure(Code.Internal, "decompress", message, head);
}

/** The data of an envelope, decompressed if it is compressed: at most `maxBytes` of it. */
export function envelopeData(
  envelope: Envelope,
  encoding: "gzip" | undefined,
  maxBytes: number,
  head: HttpHead,
): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
  if ((envelope.flags & compressedFlag) === 0) return envelope.data;
  if (encoding === undefined) {
    const message = "the server sent a compressed message without saying how (grpc-encoding)";
    throw answerFailure(Code.Internal, "decompress", message, head);
  }
  return gunzip(envelope.data, maxBytes, head);
}

async function gunzip(data: Uint8Array<ArrayBuffer>, maxBytes: number, head: HttpHead) {
  const { readable, writable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  // What they fail at is read below.
  for (const done of [writer.write(data), writer.close()]) done.catch(() => {});
  const reader = readable.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      const note = { reason: "decompress", httpStatus: head.status } as const;
      throw failure(Code.Internal, "the server's gzip data is damaged", note, { cause });
    });
    if (done) return concat(chunks, length);
    chunks.push(value);
    length += value.length;
    if (length > maxBytes) {
      // Not waited for: the stream has nothing left to say.
      reader.cancel().catch(() => {});
      throw tooLargeFailure(head.status);
    }
  }
}
