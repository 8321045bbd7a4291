import { create } from "@bufbuild/protobuf";
import {
  AuthService,
  GetMyUserResponseSchema,
  RevokeAllMyRefreshTokensResponseSchema,
  RevokeMyRefreshTokenResponseSchema,
} from "../../../gen/zitadel/auth_pb.js";
import { createRpc, type Rpc } from "./rpc.js";
import { requireLength } from "./zitadel-error.js";

const { getMyUser, listMyRefreshTokens, revokeMyRefreshToken, revokeAllMyRefreshTokens } = AuthService.method;

/** The RPCs of the caller and of refresh tokens. */
export const authService: readonly Rpc[] = [
  createRpc(getMyUser, (_, caller) => {
    const { id, loginName, displayName } = caller.account.user;
    return create(GetMyUserResponseSchema, {
      user: {
        id,
        userName: loginName,
        preferredLoginName: loginName,
        type: { case: "human", value: { profile: { displayName } } },
      },
    });
  }),
  createRpc(listMyRefreshTokens, (_, caller) => caller.account.store.list()),
  createRpc(revokeMyRefreshToken, ({ id }, caller) => {
    requireLength("RevokeMyRefreshTokenRequest.Id", id);
    const details = caller.account.store.revoke(id, caller.lagMs);
    return create(RevokeMyRefreshTokenResponseSchema, { details });
  }),
  createRpc(revokeAllMyRefreshTokens, (_, caller) => {
    caller.account.store.revokeAll(caller.lagMs);
    return create(RevokeAllMyRefreshTokensResponseSchema);
  }),
];
