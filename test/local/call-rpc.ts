import { type DescMethodUnary, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-node";
import type { ServiceError } from "@grpc/grpc-js";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { call, grpcJs } from "./grpc-js-client.js";

export const { listSessions, deleteSession } = SessionService.method;
export const { getMyUser } = AuthService.method;

export const protocols = ["grpc", "grpc-web", "rest"] as const;

/** What a call came to: the message as JSON, or the error. */
export type Answer<T = JsonValue> = { message: T } | { code: number; text: string; id: string | undefined };

export interface Call {
  readonly method: DescMethodUnary;
  /** As JSON. */
  readonly request?: Record<string, unknown> | undefined;
  /** The access token; none without one. */
  readonly token?: string | undefined;
}

/** Calls an RPC by clients that are not ours: grpc-js, Connect's for gRPC-Web, and fetch for REST. */
export async function callRpc(url: string, protocol: (typeof protocols)[number], rpc: Call): Promise<Answer> {
  const { method, request = {}, token } = rpc;
  const header: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (protocol === "rest") return callRest(url, method, request, header);
  const message = fromJson(method.input, request as JsonValue, { ignoreUnknownFields: true });
  try {
    if (protocol === "grpc") {
      return { message: toJson(method.output, await call(grpcJs(url), method, message, header)) };
    }
    const transport = createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1" });
    const answer = await transport.unary(method, undefined, undefined, header, message);
    return { message: toJson(method.output, answer.message) };
  } catch (reason) {
    if (protocol === "grpc") {
      const { code, details, metadata } = reason as ServiceError;
      const status = metadata.get("grpc-status-details-bin")[0]?.toString("latin1");
      // The id of ErrorDetail: behind its name come two tags and lengths.
      return { code, text: details, id: /ErrorDetail.{4}([\w-]+)/s.exec(status ?? "")?.[1] };
    }
    const error = ConnectError.from(reason);
    return { code: error.code, text: error.rawMessage, id: error.findDetails(ErrorDetailSchema)[0]?.id };
  }
}

async function callRest(
  url: string,
  { name }: DescMethodUnary,
  { sessionId, ...body }: Record<string, unknown>,
  headers: Record<string, string>,
): Promise<Answer> {
  const [method = "", path] =
    {
      ListSessions: ["POST", "/v2/sessions/search"],
      DeleteSession: ["DELETE", `/v2/sessions/${sessionId}`],
      GetMyUser: ["GET", "/auth/v1/users/me"],
    }[name] ?? [];
  const answer = await fetch(`${url}${path}`, {
    method,
    headers,
    body: method === "GET" ? null : JSON.stringify(body),
  });
  const json = await answer.json();
  return answer.ok ? { message: json } : { code: json.code, text: json.message, id: json.details?.[0].id };
}
