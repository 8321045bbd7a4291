import { create } from "@bufbuild/protobuf";
import { DeleteSessionResponseSchema, SessionService } from "../../../gen/zitadel/session/v2/session_service_pb.js";
import { createRpc, type Rpc } from "./rpc.js";
import { requireLength } from "./zitadel-error.js";

const { listSessions, deleteSession } = SessionService.method;

/** The two RPCs of sessions. */
export const sessionService: readonly Rpc[] = [
  createRpc(listSessions, (request, caller) => {
    const { user, sessions } = caller.account;
    return sessions.list(request, { userId: user.id, agentId: caller.agentId });
  }),
  createRpc(deleteSession, ({ sessionId }, caller) => {
    requireLength("DeleteSessionRequest.SessionId", sessionId);
    const { user, sessions } = caller.account;
    return create(DeleteSessionResponseSchema, { details: sessions.end(sessionId, user.id) });
  }),
];
