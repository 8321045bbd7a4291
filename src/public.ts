// What both entries export alike.

// Also the types that TypeScript writes into the declarations of whoever exports, say, a client: under pnpm it finds no
// other way to them (TS2742).
export type { Message } from "@bufbuild/protobuf";
export type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
export { type CallOptions, Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
export * from "../gen/zitadel/auth_pb.js";
export { type ErrorDetail, ErrorDetailSchema } from "../gen/zitadel/message_pb.js";
export {
  type ListDetails,
  ListDetailsSchema,
  type ObjectDetails,
  ObjectDetailsSchema,
} from "../gen/zitadel/object_pb.js";
export * from "../gen/zitadel/session/v2/session_pb.js";
export * from "../gen/zitadel/session/v2/session_service_pb.js";
export { type RefreshToken, RefreshTokenSchema, type User, UserSchema } from "../gen/zitadel/user_pb.js";
export type { Attempt } from "./call/attempts.js";
export type { RetryOptions } from "./call/next-step.js";
export type { Token, TokenContext } from "./call/token.js";
export type { AuthClient, UserClient } from "./client.js";
export { type EndOtherSignInsOptions, endOtherSignIns, endSignIns, type SignInToEnd } from "./end-sign-ins.js";
export { type ErrorInfo, getErrorInfo } from "./errors.js";
export type { FailureReason } from "./failure.js";
export type { ConnectionTarget, Http2Options, TlsOptions } from "./http/http2-options.js";
export type { CallerOptions, GivenTransportOptions, TransportOptions } from "./options.js";
export { grpc } from "./protocol/grpc/grpc.js";
export { grpcWeb } from "./protocol/grpc/grpc-web.js";
export type { Protocol } from "./protocol/protocol.js";
export { rest } from "./protocol/rest/rest.js";
export {
  type EndResult,
  type RevokeAllOptions,
  type RevokeOptions,
  type RevokeResult,
  revokeAllRefreshTokens,
  revokeRefreshTokens,
} from "./revoke.js";
export {
  type ListSignInsOptions,
  listSignIns,
  type SignedInUser,
  type SignIn,
  type SignInsGap,
  type SignInsView,
} from "./sign-ins.js";
export type { AuthTransport } from "./transport.js";
export {
  type RefreshTokenState,
  type RefreshTokensView,
  type RefreshTokenView,
  type ViewOptions,
  viewRefreshTokens,
} from "./view.js";
export {
  type RefreshTokenJson,
  type RefreshTokensJson,
  type SessionJson,
  type SignInsJson,
  viewFromJson,
  viewToJson,
} from "./view-json.js";
export {
  type SessionFactor,
  type SessionState,
  type SessionView,
  type ViewSessionsOptions,
  viewSessions,
} from "./view-sessions.js";
