import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createRouterTransport, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import { AuthService, createAuthClient, SessionService } from "../../src/node.js";

type Handlers = Partial<ServiceImpl<typeof AuthService> & ServiceImpl<typeof SessionService>>;

/** An error with ZITADEL's id. */
export const zitadelError = (code: Code, id: string) =>
  new ConnectError(`words (${id})`, code, undefined, [{ desc: ErrorDetailSchema, value: { id, message: "words" } }]);

/** An RPC that the server does not have. */
export const missing = () => {
  throw new ConnectError("unknown service", Code.Unimplemented);
};

/**
 * A client of a server in memory whose user 7 has two sessions, `laptop` of this browser and `phone`, and a refresh token,
 * `app`. `seen` has what was asked: the RPC and, of lists of sessions, the queries; `most`, how many calls ran at a time.
 */
export function fakeSignIns(handlers: Handlers = {}) {
  const seen: string[] = [];
  const running = { now: 0, most: 0 };
  const defaults: Handlers = {
    getMyUser: () => ({
      user: {
        id: "7",
        preferredLoginName: "ann@example.com",
        type: { case: "human", value: { profile: { displayName: "Ann" } } },
      },
    }),
    listMyRefreshTokens: () => ({ result: [{ id: "app", clientId: "1@p", details: { changeDate: at(2) } }] }),
    revokeMyRefreshToken: () => ({}),
    revokeAllMyRefreshTokens: () => ({}),
    listSessions: ({ queries }) => {
      const ofThisBrowser = queries.some(({ query }) => query.case === "userAgentQuery");
      return { sessions: [session("laptop", 3), ...(ofThisBrowser ? [] : [session("phone", 1)])] };
    },
    deleteSession: () => ({}),
  };
  const wrapped = Object.entries({ ...defaults, ...handlers }).map(([name, handler]) => [
    name,
    async (
      request: { id?: string; sessionId?: string; queries?: { query: { case?: string } }[] },
      context: unknown,
    ) => {
      const what = request.queries?.map(({ query }) => query.case) ?? [request.id ?? request.sessionId ?? ""];
      seen.push([name, ...what].join(" ").trim());
      running.most = Math.max(running.most, ++running.now);
      // So that what runs together is seen together.
      await sleep(1);
      try {
        return await (handler as (request: unknown, context: HandlerContext) => unknown)(
          request,
          context as HandlerContext,
        );
      } finally {
        running.now--;
      }
    },
  ]);
  const all = Object.fromEntries(wrapped);
  const transport = createRouterTransport((router) => {
    router.service(AuthService, all);
    router.service(SessionService, all);
  });
  return { auth: createAuthClient({ transport, retry: false }), seen, running };
}

/** A time on 1 December 2026. */
export const at = (hour: number) => ({ seconds: BigInt(Date.UTC(2026, 11, 1, hour) / 1000), nanos: 0 });

/** A session that changed last at that hour. */
export const session = (id: string, hour: number) => ({
  id,
  changeDate: at(hour),
  factors: { user: { id: "7" }, password: { verifiedAt: at(hour) } },
});
