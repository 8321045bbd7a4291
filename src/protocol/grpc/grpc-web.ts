import { Code, type ConnectError } from "@connectrpc/connect";
import { type HttpFields, type HttpResponse, latin1Text, userAgent } from "../../http/http.js";
import { maxTrailerBytes } from "../../limits.js";
import { answerFailure } from "../failures.js";
import { type Protocol, wire } from "../protocol.js";
import { checkTrailers, decodeEnvelopes, encodingOf, envelopeData, trailersFlag } from "./envelope.js";
import { grpcRequest } from "./request.js";
import {
  answerStatus,
  checkType,
  type GrpcVariant,
  grpcGuard,
  messageCountFailure,
  messageReply,
  missingStatusFailure,
} from "./response.js";

const headers = {
  "content-type": "application/grpc-web+proto",
  // ZITADEL takes a CORS preflight for gRPC-Web's only if it names this header.
  "x-grpc-web": "1",
  "x-user-agent": userAgent,
};

const variant: GrpcVariant = {
  contentType: "application/grpc-web",
  types: /^application\/grpc-web(?:\+proto)?\s*(?:;|$)/i,
  others: "rest",
};

/**
 * gRPC-Web (`application/grpc-web+proto`), as gRPC's PROTOCOL-WEB prescribes: gRPC for HTTP clients that do not
 * show trailers, which come as a last frame of the body. The default outside Node.
 */
export const grpcWeb: Protocol = {
  name: "grpc-web",
  [wire]: {
    needsTrailers: false,
    request: (method, message, context) => grpcRequest(method, message, context, headers),
    guard: (rules) => grpcGuard(variant, rules),
    response(method, answer, rules) {
      if (answer.status !== 200) checkType(answer, variant, answer.body);
      const frames = decodeEnvelopes(answer.body, answer);
      const at = frames.findIndex(({ flags }) => flags & trailersFlag);
      const last = frames[at];
      if (!last) throw answerStatus(answer, undefined, missingTrailersFailure) ?? messageCountFailure(0, answer);
      if (at < frames.length - 1) {
        const message = "the server sent a frame after the trailers, which must be last";
        throw answerFailure(Code.Internal, "trailers-not-last", message, answer);
      }
      const reply = (block: Uint8Array) => {
        const trailers = parseTrailers(block);
        const error = answerStatus(answer, trailers, missingStatusFailure);
        if (error) throw error;
        return messageReply(method, frames.slice(0, at), { head: answer, trailer: trailers }, rules);
      };
      checkTrailers(last.data.length, answer);
      const block = envelopeData(last, encodingOf(answer, rules.acceptGzip), maxTrailerBytes, answer);
      return block instanceof Promise ? block.then(reply) : reply(block);
    },
  },
};

// Unlike the end of an HTTP/2 stream, the end of a body does not show whether it is whole.
function missingTrailersFailure(answer: HttpResponse): ConnectError {
  const message = "the answer ends without trailers: a proxy on the way may have cut it off";
  return answerFailure(Code.Unknown, "missing-trailers", message, answer);
}

// `name: value` lines. Lenient about line ends, case and spaces, as other clients are.
function parseTrailers(block: Uint8Array): HttpFields {
  const trailers = new Map<string, string>();
  // Latin-1 as in header fields, so that text sent as plain UTF-8 survives and no byte is refused.
  for (const line of latin1Text(block).split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = trailers.get(name);
    trailers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return trailers;
}
