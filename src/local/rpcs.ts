import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type Message,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  type ContextKey,
  createContextKey,
  createContextValues,
  createHandlerContext,
  type HandlerContext,
} from "@connectrpc/connect";
import {
  AuthService,
  GetMyUserResponseSchema,
  RevokeAllMyRefreshTokensResponseSchema,
  RevokeMyRefreshTokenResponseSchema,
} from "../../gen/zitadel/auth_pb.js";
import { DeleteSessionResponseSchema, SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import type { Account } from "./accounts.js";
import type { LocalUser } from "./public.js";
import { requireLength } from "./zitadel-error.js";

/** For whom an RPC runs, and how. */
export interface Caller {
  readonly account: Account;
  /** The browser that the access token came from; a personal access token came from none. */
  readonly agentId: string | undefined;
  readonly lagMs: number;
  /** Ms until the call's deadline; undefined without one. */
  readonly timeoutMs: number | undefined;
  /** The request that the call came with. */
  readonly exchange: { headers(): Record<string, string>; readonly signal: AbortSignal };
}

/** What an RPC came to. */
export interface Reply {
  readonly message: Message;
  readonly header?: Headers;
  readonly trailer?: Headers;
}

/** A method that the local server answers. */
export interface Rpc {
  /** As in its path over gRPC: `/service/name`. */
  readonly service: string;
  readonly name: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
  /** Its generated descriptor, which says how REST reaches the method. */
  readonly method: DescMethod;
  run(request: Message, caller: Caller): Reply | Promise<Reply>;
}

/** Makes an RPC of a generated method and the function that does its work. */
export function createRpc<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  work: (request: MessageShape<I>, caller: Caller) => MessageShape<O>,
): Rpc {
  return {
    service: method.parent.typeName,
    name: method.name,
    input: method.input,
    output: method.output,
    method,
    run: (request, caller) => ({ message: work(request as MessageShape<I>, caller) }),
  };
}

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

/** Tells an implementation whose access token the call came with: `context.values.get(localUserKey)`. */
export const localUserKey: ContextKey<LocalUser | undefined> = createContextKey<LocalUser | undefined>(undefined, {
  description: "the user of the local ZITADEL who calls",
});

type Implementation = (request: Message, context: HandlerContext) => unknown;

/** The RPCs that an application's own routes implement. A TypeError if one of them streams. */
export function readRoutes(routes: (router: ConnectRouter) => void): Rpc[] {
  const rpcs: Rpc[] = [];
  const add = (method: DescMethod, implementation: unknown): void => {
    if (typeof implementation === "function") rpcs.push(routeRpc(method, implementation as Implementation));
  };
  const router: ConnectRouter = {
    handlers: [],
    service(service, implementation) {
      const methods = implementation as Record<string, Implementation | undefined>;
      for (const method of service.methods) {
        add(method, methods[method.localName]?.bind(implementation));
      }
      return this;
    },
    rpc(method, implementation) {
      add(method, implementation);
      return this;
    },
  };
  routes(router);
  return rpcs;
}

function routeRpc(method: DescMethod, implementation: Implementation): Rpc {
  const { parent: service, name, input, output } = method;
  if (method.methodKind !== "unary") {
    throw new TypeError(`${service.typeName}/${name} streams, and the local ZITADEL serves unary methods only`);
  }
  return {
    service: service.typeName,
    name,
    input,
    output,
    method,
    async run(request, { account, timeoutMs, exchange }) {
      const context = createHandlerContext({
        service,
        method,
        protocolName: "grpc",
        requestMethod: "POST",
        url: `http://localhost/${service.typeName}/${name}`,
        ...(timeoutMs !== undefined && { timeoutMs }),
        requestSignal: exchange.signal,
        requestHeader: exchange.headers(),
        contextValues: createContextValues().set(localUserKey, account.user),
      });
      try {
        const message = await Promise.race([implementation(request, context), aborted(context.signal)]);
        return {
          message: create(output, message as Message),
          header: context.responseHeader,
          trailer: context.responseTrailer,
        };
      } finally {
        context.abort();
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
