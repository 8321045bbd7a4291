import {
  create,
  createRegistry,
  type DescMessage,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import type { Code } from "@connectrpc/connect";
import { frame, statusBytes, trailerFrame } from "../faults/answers.js";
import type { RecordedAnswer } from "./recorded-answers.js";

type Typed = readonly [DescMessage, Message];

/** An answer as a service thinks of it, before any protocol. */
export interface Answer {
  /** Ignored where there is an error. */
  readonly message?: Typed;
  readonly error?: AnswerError;
}

interface AnswerError {
  readonly code: Code;
  readonly message: string;
  readonly details: readonly Typed[];
}

/** Puts an answer on the wire as ZITADEL does, apart from the headers that say nothing of the call. */
export function encodeAnswer(protocol: RecordedAnswer["protocol"], { message, error }: Answer): RecordedAnswer {
  const name = "made up";
  const headersOf = (type: string) => [["content-type", type]] as const;
  if (protocol === "rest") {
    const json = error ? restError(error) : message ? toJson(...message) : {};
    const body = Buffer.from(JSON.stringify(json));
    return { name, protocol, status: error ? 400 : 200, headers: headersOf("application/json"), body };
  }
  const trailers = error ? grpcError(error) : { "grpc-status": "0" };
  const body = error ? Buffer.alloc(0) : Buffer.from(frame(message ? toBinary(...message) : new Uint8Array()));
  if (protocol === "grpc")
    return { name, protocol, status: 200, headers: headersOf("application/grpc"), body, trailers };
  const whole = Buffer.concat([body, trailerFrame(trailers)]);
  return { name, protocol, status: 200, headers: headersOf("application/grpc-web+proto"), body: whole };
}

function grpcError({ code, message, details }: AnswerError): Record<string, string> {
  const any = details.map(([desc, value]) => ({ ...anyPack(desc, value), json: {} }));
  return {
    "grpc-status": String(code),
    "grpc-message": encodeURIComponent(message),
    ...(any.length > 0 && {
      "grpc-status-details-bin": Buffer.from(statusBytes(code, message, any))
        .toString("base64")
        .replaceAll("=", ""),
    }),
  };
}

function restError({ code, message, details }: AnswerError): JsonValue {
  const registry = createRegistry(...details.map(([desc]) => desc));
  const any = details.map(([desc, value]) => toJson(AnySchema, anyPack(desc, value), { registry }));
  return { code, ...(message && { message }), ...(any.length > 0 && { details: any }) };
}

/** A message to put into an answer, with its schema. */
export function of<Desc extends DescMessage>(desc: Desc, init: Parameters<typeof create<Desc>>[1]): Typed {
  return [desc, create(desc, init)];
}
