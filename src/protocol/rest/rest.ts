import { tooLargeFailure } from "../../failure.js";
import { fieldText } from "../../http/fields.js";
import type { HttpHead } from "../../http/http.js";
import { contentTypeFailure, httpFailure } from "../failures.js";
import { type Protocol, wire } from "../protocol.js";
import { restError } from "./error.js";
import { restRequest } from "./request.js";
import { restMessage } from "./response.js";

/**
 * REST: JSON over HTTP by the schema's `google.api.http` annotations, as grpc-gateway serves it. Errors are
 * grpc-gateway's, so that they come out as on gRPC. Pass it as `protocol: rest`.
 */
export const rest: Protocol = {
  name: "rest",
  [wire]: {
    needsTrailers: false,
    request: restRequest,
    guard: ({ maxResponseBytes }) => ({
      checkHead: (head) => checkHead(head, maxResponseBytes),
      checkStart() {},
      startBytes: 0,
      maxBodyBytes: maxResponseBytes,
    }),
    response(method, answer) {
      if (answer.status !== 200) throw restError(answer);
      return { message: restMessage(method.output, answer), header: answer.headers, trailer: new Headers() };
    },
  },
};

function checkHead(head: HttpHead, maxResponseBytes: number): void {
  if (!isJson(head)) {
    throw head.status === 200 ? contentTypeFailure(head, "application/json") : httpFailure(head);
  }
  const length = Number(fieldText(head.headers, "content-length"));
  // With a content coding the length is not that of the text.
  if (length > maxResponseBytes && !head.headers.get("content-encoding")) {
    throw tooLargeFailure(head.status);
  }
}

function isJson({ headers }: HttpHead): boolean {
  return /^application\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(fieldText(headers, "content-type"));
}
