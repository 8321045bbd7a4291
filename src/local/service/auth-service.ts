import { create } from "@bufbuild/protobuf";
import { EmptySchema, Int32ValueSchema, type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  AuthService,
  GetMyUserResponseSchema,
  RevokeAllMyRefreshTokensResponseSchema,
  RevokeMyRefreshTokenResponseSchema,
} from "../../../gen/zitadel/auth_pb.js";
import { accountOf, createRpc, type Rpc } from "./rpc.js";
import { requireLength, zitadelError } from "./zitadel-error.js";

const { getMyUser, listMyRefreshTokens, revokeMyRefreshToken, revokeAllMyRefreshTokens } = AuthService.method;

/** The RPCs of the caller and of refresh tokens, and the health check of their service. */
export const authService: readonly Rpc[] = [
  createRpc(getMyUser, (_, caller) => {
    const { id, loginName, displayName } = accountOf(caller).user;
    return create(GetMyUserResponseSchema, {
      user: {
        id,
        userName: loginName,
        preferredLoginName: loginName,
        type: { case: "human", value: { profile: { displayName } } },
      },
    });
  }),
  createRpc(listMyRefreshTokens, (_, caller) => accountOf(caller).store.list()),
  createRpc(revokeMyRefreshToken, ({ id }, caller) => {
    requireLength("RevokeMyRefreshTokenRequest.Id", id);
    const details = accountOf(caller).store.revoke(id, caller.language, caller.lagMs);
    return create(RevokeMyRefreshTokenResponseSchema, { details });
  }),
  createRpc(revokeAllMyRefreshTokens, (_, caller) => {
    accountOf(caller).store.revokeAll(caller.language, caller.lagMs);
    return create(RevokeAllMyRefreshTokensResponseSchema);
  }),
  {
    service: AuthService.typeName,
    name: "Healthz",
    restPath: "/auth/v1/healthz",
    input: EmptySchema,
    output: EmptySchema,
    isPublic: true,
    run: () => ({ message: create(EmptySchema) }),
  },
];

/**
 * gRPC's own health check, for the services that there are. On the wire `HealthCheckRequest` is a `StringValue`, and
 * `HealthCheckResponse` an `Int32Value` (grpc/health/v1/health.proto).
 */
export function healthCheck(services: ReadonlySet<string>): Rpc {
  return {
    service: "grpc.health.v1.Health",
    name: "Check",
    input: StringValueSchema,
    output: Int32ValueSchema,
    isPublic: true,
    run(request) {
      const { value: service } = request as StringValue;
      if (service !== "" && !services.has(service)) throw zitadelError(Code.NotFound, "unknown service");
      // SERVING
      return { message: create(Int32ValueSchema, { value: 1 }) };
    },
  };
}
