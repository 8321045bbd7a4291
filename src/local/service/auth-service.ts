import { create } from "@bufbuild/protobuf";
import { EmptySchema, Int32ValueSchema, type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  AuthService,
  RevokeAllMyRefreshTokensResponseSchema,
  RevokeMyRefreshTokenResponseSchema,
} from "../../../gen/zitadel/auth_pb.js";
import type { Account } from "./account.js";
import { type Caller, createRpc, type Rpc } from "./rpc.js";
import { zitadelError } from "./zitadel-error.js";

const { listMyRefreshTokens, revokeMyRefreshToken, revokeAllMyRefreshTokens } = AuthService.method;

/** The three RPCs of refresh tokens, and the health check of their service. */
export const authService: readonly Rpc[] = [
  createRpc(listMyRefreshTokens, (_, caller) => accountOf(caller).store.list()),
  createRpc(revokeMyRefreshToken, ({ id }, caller) => {
    const length = [...id].length;
    if (length < 1 || length > 200) {
      const rule = "value length must be between 1 and 200 runes, inclusive";
      throw zitadelError(Code.InvalidArgument, `invalid RevokeMyRefreshTokenRequest.Id: ${rule}`);
    }
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

function accountOf({ account }: Caller): Account {
  if (account === undefined) throw new Error("an RPC that needs a user was called without one");
  return account;
}
