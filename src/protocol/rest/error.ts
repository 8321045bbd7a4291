import { fromJson, type JsonObject, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.js";
import { ErrorDetailSchema } from "../../../gen/zitadel/message_pb.js";
import type { HttpResponse } from "../../http/http.js";
import { maxDetails, maxTextLength } from "../../limits.js";
import { httpFailure, serverFailure } from "../failures.js";
import { parseJson, utf8 } from "./response.js";

/**
 * The error of an answer that is not OK: grpc-gateway's google.rpc.Status as JSON, in which an empty message is left
 * out. Its code is more exact than the HTTP status.
 */
export function restFailure(answer: HttpResponse): ConnectError {
  const { code, message, details } = (parseJson(utf8(answer.body)) ?? {}) as Record<string, unknown>;
  if (typeof code !== "number" || Code[code] === undefined) return httpFailure(answer, answer.body);
  return serverFailure(
    {
      code,
      message: typeof message === "string" ? message : "",
      details: Array.isArray(details) ? details.slice(0, maxDetails).flatMap(detailOf) : [],
    },
    answer,
    undefined,
    { fromServer: true },
  );
}

const detailSchemas = [ErrorDetailSchema, RetryInfoSchema];

// What `ConnectError.findDetails` reads is binary. A type that is not known here stays legible as `debug`.
function detailOf(json: JsonValue): ConnectError["details"] {
  const { "@type": url, ...fields } = (json ?? {}) as JsonObject;
  if (typeof url !== "string") return [];
  const type = url.slice(url.lastIndexOf("/") + 1);
  const schema = detailSchemas.find(({ typeName }) => typeName === type);
  try {
    // It may also be nested deeper than it can be written.
    if (JSON.stringify(json).length > maxTextLength) return [];
    if (!schema) return [{ type, value: new Uint8Array(), debug: fields }];
    return [{ type, value: toBinary(schema, fromJson(schema, fields, { ignoreUnknownFields: true })) }];
  } catch {
    return [];
  }
}
