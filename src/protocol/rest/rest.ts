import { tooLargeFailure } from "../../failure.js";
import { fieldText, type HttpHead } from "../../http/http.js";
import { maxWordsBytes } from "../../limits.js";
import { contentTypeFailure, httpFailure, mayHaveWords } from "../failures.js";
import { type Protocol, wire } from "../protocol.js";
import { restFailure } from "./error.js";
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
      checkStart(head, start) {
        throw httpFailure(head, start);
      },
      // The whole of JSON counts, and nothing but the start of other text.
      startBytes: (head) => (mayHaveWords(head) && !isJson(head) ? maxWordsBytes : 0),
      maxBodyBytes: maxResponseBytes,
    }),
    response(method, answer) {
      if (!isOk(answer)) throw restFailure(answer);
      if (answer.body.length > 0 && !isJson(answer)) throw contentTypeFailure(answer, "application/json");
      return { message: restMessage(method.output, answer), header: answer.headers, trailer: new Headers() };
    },
  },
};

function checkHead(head: HttpHead, maxResponseBytes: number): void {
  if (!isJson(head)) {
    if (mayHaveWords(head)) return;
    if (!isOk(head)) throw httpFailure(head);
    // An answer that is empty, as it may be with any status but 200, has no type.
    if (head.status === 200 || head.headers.get("content-type")) throw contentTypeFailure(head, "application/json");
  }
  const length = Number(fieldText(head.headers, "content-length"));
  // With a content coding the length is not that of the text.
  if (length > maxResponseBytes && !head.headers.get("content-encoding")) throw tooLargeFailure(head.status);
}

function isOk({ status }: HttpHead): boolean {
  return status >= 200 && status < 300;
}

function isJson({ headers }: HttpHead): boolean {
  return /^application\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(fieldText(headers, "content-type"));
}
