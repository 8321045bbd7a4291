import { create } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code } from "@connectrpc/connect";
import {
  AuthService,
  RevokeAllMyRefreshTokensResponseSchema,
  RevokeMyRefreshTokenResponseSchema,
} from "../../../gen/zitadel/auth_pb.js";
import type { RefreshTokenStore } from "./refresh-token-store.js";
import { type Caller, createRpc, type Rpc, type Run } from "./rpc.js";
import { RpcError } from "./rpc-error.js";

const { listMyRefreshTokens, revokeMyRefreshToken, revokeAllMyRefreshTokens } = AuthService.method;

const empty: Run = () => ({ binary: () => new Uint8Array(), json: () => ({}) });

/** `AuthService.Healthz`: empty in, empty out. */
const healthz: Rpc = {
  service: AuthService.typeName,
  name: "Healthz",
  isPublic: true,
  http: { method: "GET", path: "/healthz" },
  fromBinary: () => empty,
  fromJson: () => empty,
};

/** gRPC's own health check. */
const healthCheck: Rpc = {
  service: "grpc.health.v1.Health",
  name: "Check",
  isPublic: true,
  fromBinary: (request) => checkHealth(readService(request)),
  fromJson: () => checkHealth(""),
};

export const rpcs: readonly Rpc[] = [
  createRpc(listMyRefreshTokens, (_, caller) => storeOf(caller).list()),
  createRpc(revokeMyRefreshToken, ({ id }, caller) => {
    const length = [...id].length;
    if (length < 1 || length > 200) {
      const rule = "value length must be between 1 and 200 runes, inclusive";
      throw new RpcError(Code.InvalidArgument, `invalid RevokeMyRefreshTokenRequest.Id: ${rule}`);
    }
    const details = storeOf(caller).revoke(id, caller.language, caller.lagMs);
    return create(RevokeMyRefreshTokenResponseSchema, { details });
  }),
  createRpc(revokeAllMyRefreshTokens, (_, caller) => {
    storeOf(caller).revokeAll(caller.language, caller.lagMs);
    return create(RevokeAllMyRefreshTokensResponseSchema);
  }),
  healthz,
  healthCheck,
];

/** Finds the RPC of a path `/service/method`. */
export function findRpc(path: string): Rpc | undefined {
  return rpcs.find((rpc) => path === `/${rpc.service}/${rpc.name}`);
}

/** What gRPC answers to a path that is none of its own. */
export function unknownRpc(path: string): RpcError {
  const slash = path.lastIndexOf("/");
  const service = path.slice(1, Math.max(slash, 1));
  if (slash < 1) {
    return new RpcError(Code.Unimplemented, `malformed method name: ${JSON.stringify(path)}`);
  }
  return rpcs.some((rpc) => rpc.service === service)
    ? new RpcError(Code.Unimplemented, `unknown method ${path.slice(slash + 1)} for service ${service}`)
    : new RpcError(Code.Unimplemented, `unknown service ${service}`);
}

function storeOf(caller: Caller): RefreshTokenStore {
  if (caller.account === undefined) {
    throw new Error("an RPC that needs a user was called without one");
  }
  return caller.account.store;
}

function checkHealth(service: string): Run {
  return () => {
    if (service !== "" && !rpcs.some((rpc) => rpc.service === service)) {
      throw new RpcError(Code.NotFound, "unknown service");
    }
    // HealthCheckResponse.status (1) = SERVING (1)
    return {
      binary: () => new BinaryWriter().tag(1, WireType.Varint).int32(1).finish(),
      json: () => ({ status: "SERVING" }),
    };
  };
}

/** HealthCheckRequest.service (1) */
function readService(request: Uint8Array): string {
  const reader = new BinaryReader(request);
  let service = "";
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1 && wireType === WireType.LengthDelimited) {
      service = reader.string();
    } else {
      reader.skip(wireType, field);
    }
  }
  return service;
}
