import {
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  fromJson,
  getOption,
  type JsonValue,
  type MessageShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { http } from "../../../gen/google/api/annotations_pb.js";
import type { Account } from "./account.js";

/** For whom an RPC runs, and how. */
export interface Caller {
  /** Absent where the RPC asks for no token. */
  readonly account: Account | undefined;
  readonly language: string;
  readonly lagMs: number;
}

/** What an RPC came to, in either form. */
export interface Answer {
  binary(): Uint8Array;
  json(): JsonValue;
}

/** An RPC whose request has been read. */
export type Run = (caller: Caller) => Answer;

export interface Rpc {
  readonly service: string;
  readonly name: string;
  /** Needs no token, and no fault strikes it. */
  readonly isPublic: boolean;
  /** `google.api.http`, for REST. */
  readonly http?: { readonly method: string; readonly path: string };
  fromBinary(request: Uint8Array): Run;
  fromJson(request: JsonValue): Run;
}

/** Makes an RPC of a generated method and the function that does its work. */
export function createRpc<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  work: (request: MessageShape<I>, caller: Caller) => MessageShape<O>,
): Rpc {
  const { input, output } = method;
  const run =
    (request: MessageShape<I>): Run =>
    (caller) => {
      const message = work(request, caller);
      return { binary: () => toBinary(output, message), json: () => toJson(output, message) };
    };
  const { pattern } = getOption(method, http);
  if (typeof pattern.value !== "string") {
    throw new Error(`${method.name} has no http rule that this server can serve`);
  }
  return {
    service: method.parent.typeName,
    name: method.name,
    isPublic: false,
    http: { method: (pattern.case ?? "").toUpperCase(), path: pattern.value },
    fromBinary: (request) => run(fromBinary(input, request)),
    fromJson: (request) => run(fromJson(input, request, { ignoreUnknownFields: true })),
  };
}
