import type { ConnectError } from "@connectrpc/connect";
import type { HttpResponse } from "../../http/http.js";
import { type Protocol, wire } from "../protocol.js";
import { decodeEnvelopes } from "./envelope.js";
import { grpcRequest } from "./request.js";
import {
  answerStatus,
  checkType,
  type GrpcVariant,
  grpcGuard,
  messageReply,
  missingStatusFailure,
} from "./response.js";

// Without "+proto", which ZITADEL before 2.30 does not know.
const headers = { "content-type": "application/grpc", te: "trailers" };

const variant: GrpcVariant = {
  contentType: "application/grpc",
  types: /^application\/grpc(?:\+proto)?\s*(?:;|$)/i,
  others: "grpcWeb or rest",
};

/**
 * gRPC over HTTP/2 (`application/grpc`), as gRPC's PROTOCOL-HTTP2 prescribes. The default in Node.
 */
export const grpc: Protocol = {
  name: "grpc",
  [wire]: {
    needsTrailers: true,
    request: (method, message, context) => grpcRequest(method, message, context, headers),
    guard: (rules) => grpcGuard(variant, rules),
    response(method, answer, rules) {
      if (answer.status !== 200) checkType(answer, variant, answer.body);
      const error = answerStatus(answer, answer.trailers, noTrailers);
      if (error) throw error;
      const envelopes = decodeEnvelopes(answer.body, answer);
      return messageReply(method, envelopes, { head: answer, trailer: answer.trailers ?? answer.headers }, rules);
    },
  },
};

function noTrailers(answer: HttpResponse): ConnectError {
  // Throws if the message is cut off too, which says more.
  decodeEnvelopes(answer.body, answer);
  return missingStatusFailure(answer);
}
