/// <reference lib="esnext.disposable" preserve="true" />

import type { ConnectRouter } from "@connectrpc/connect";
import { createAccount } from "./local/accounts.js";
import { FaultQueue } from "./local/apply-faults.js";
import type { Fault } from "./local/faults.js";
import { type Instance, RequestLog } from "./local/instance.js";
import type { LocalAsset, LocalRequest, LocalUser, LocalUserOptions } from "./local/public.js";
import { type Release, releases } from "./local/release.js";
import { serve } from "./local/route.js";
import { authService, readRoutes, sessionService } from "./local/rpcs.js";
import { type Handler, listenCleartext, listenTls } from "./local/server.js";
import { SessionStore } from "./local/sessions.js";
import { demoApps, deviceGrant } from "./local/sign-in-apps.js";
import { SignInStore } from "./local/sign-in-store.js";
import { Journal } from "./local/store.js";

export type {
  CollisionFault,
  DelayFault,
  DisconnectFault,
  ExpiredOnceFault,
  Fault,
  FaultKind,
  FaultScope,
  FaultValue,
  FaultyMethod,
  GoawayFault,
  HangFault,
  HtmlFault,
  LagFault,
  RateLimitFault,
  RefusedStreamFault,
  ResetFault,
  StatusFault,
  TruncatedFault,
} from "./local/faults.js";
export { faultKinds } from "./local/faults.js";
export type {
  LocalAccessTokens,
  LocalAsset,
  LocalRefreshTokenOptions,
  LocalRequest,
  LocalSessionFactors,
  LocalSessionOptions,
  LocalUser,
  LocalUserAgent,
  LocalUserOptions,
} from "./local/public.js";
export { localUserKey } from "./local/rpcs.js";

/** How to start a local ZITADEL. Everything has a default. */
export interface LocalZitadelOptions {
  /** Default, and for an empty list: one user who has half a dozen refresh tokens and five sessions. */
  readonly users?: readonly LocalUserOptions[] | undefined;
  /** What is to go wrong. More can be added with `fail`. */
  readonly faults?: readonly Fault[] | undefined;
  /** How long lists still hold what has been revoked, as on a ZITADEL whose projections are behind. Default 0. */
  readonly lagMs?: number | undefined;
  /**
   * Which ZITADEL to be like. On 4 sign-ins are sessions, which `zitadel.session.v2.SessionService` lists and ends.
   * 2.44 is of the last whose sign-ins make the refresh tokens that are listed here: it has no SessionService, takes
   * `application/grpc` alone, and answers 501 to a wrong method. 4.11 reports errors that have no id, such as a missing
   * token, as Unknown with the real code inside the text (zitadel#11730).
   * Default `"4"`.
   */
  readonly release?: "2.44" | "4" | "4.11" | undefined;
  /**
   * Unary methods of any generated service to answer besides: over gRPC, gRPC-Web and, if they have a
   * `google.api.http`, REST, for whoever has a valid access token; faults strike them too. The function is what
   * Connect's `createRouterTransport` takes. Who calls is `context.values.get(localUserKey)`.
   *
   * ```ts
   * routes: (router) => router.service(UserService, { getUserByID: () => ({ user: { userId: "1" } }) })
   * ```
   */
  readonly routes?: ((router: ConnectRouter) => void) | undefined;
  /** Signs in whoever asks, as the first user, without a page. Default false: a person presses a button. */
  readonly approve?: boolean | undefined;
  /** Files to serve, by path: `{ "/": { headers: { "content-type": "text/html" }, body: "…" } }`. */
  readonly assets?: Readonly<Record<string, LocalAsset>> | undefined;
  /** Port for cleartext. Default 0: any free one. */
  readonly port?: number | undefined;
  /** A certificate opens one more port, for TLS. PEM. */
  readonly tls?:
    | {
        readonly key: string | Uint8Array;
        readonly cert: string | Uint8Array;
        /** Default 0: any free one. */
        readonly port?: number | undefined;
      }
    | undefined;
  /** Address to listen on. Default `127.0.0.1`. Any but a loopback address needs `allowRemote`. */
  readonly address?: string | undefined;
  /** Listen where other machines can reach it. There is no protection but the users' tokens. Default false. */
  readonly allowRemote?: boolean | undefined;
  /** Names in `Host` to answer to, besides loopback names and addresses. Others meet "Instance not found". */
  readonly hosts?: readonly string[] | undefined;
  /** The server's clock. Default: the real one. */
  readonly now?: (() => Date) | undefined;
}

/** A running local ZITADEL. */
export interface LocalZitadel extends AsyncDisposable {
  /** Base URL for gRPC (HTTP/2 with prior knowledge), gRPC-Web and REST. */
  readonly url: string;
  /** Base URL of the TLS port, if a certificate was given. */
  readonly tlsUrl?: string;
  readonly users: readonly [LocalUser, ...LocalUser[]];
  /** OAuth client id of a native app: authorization code with PKCE, device code and refresh token, no secret. */
  readonly clientId: string;
  /** The last 1000 requests, oldest first, access tokens left out. Grows as they come. */
  readonly requests: readonly LocalRequest[];
  /** Lets something go wrong. */
  fail(fault: Fault): void;
  /** Stops at once, calls in flight or not. */
  close(): Promise<void>;
}

const loopbackAddress = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/**
 * Starts a ZITADEL to build and test against: in this process, in memory, on a free port of this machine. It serves
 * a user's sessions (`zitadel.session.v2.SessionService`) and refresh tokens (`zitadel.auth.v1.AuthService`) over gRPC,
 * gRPC-Web and REST, with the errors, headers and habits of the real server.
 *
 * ```ts
 * await using zitadel = await startLocalZitadel();
 * const auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0].token });
 * zitadel.fail({ kind: "status", code: Code.Unavailable, times: 2 });
 * ```
 *
 * Applications sign in as at ZITADEL, by OpenID Connect: authorization code with PKCE, device code, refresh with
 * rotation, revocation. A page asks who it is, unless `approve` is set.
 *
 * It has no server reflection, and of ZITADEL's other services what `routes` answers.
 *
 * Close it, or the process keeps running. Rejects with a TypeError or RangeError if an option makes no sense, and
 * with Node's error if a port cannot be had.
 */
export async function startLocalZitadel(options: LocalZitadelOptions = {}): Promise<LocalZitadel> {
  const { address = "127.0.0.1", port = 0, tls, lagMs = 0, release = "4" } = options;
  if (!loopbackAddress.test(address) && options.allowRemote !== true) {
    throw new TypeError(`${address} is not a loopback address: set allowRemote to let other machines connect`);
  }
  if (!(lagMs >= 0)) throw new RangeError("lagMs must be 0 or more");
  if (!Object.hasOwn(releases, release)) {
    throw new TypeError(`unknown release ${JSON.stringify(release)}: use one of ${Object.keys(releases).join(", ")}`);
  }
  const journal = new Journal(options.now ?? (() => new Date()));
  const [first = {}, ...others] = options.users ?? [];
  const like: Release = releases[release];
  const sessions = new SessionStore(journal);
  const firstAccount = createAccount(first, 0, like, sessions);
  const accounts = [firstAccount, ...others.map((user, index) => createAccount(user, index + 1, like, sessions))];
  const rpcs = [
    ...(options.routes ? readRoutes(options.routes) : []),
    ...authService,
    ...(like.hasSessions ? sessionService : []),
  ];
  const faults = new FaultQueue(rpcs.map((rpc) => rpc.name));
  for (const fault of options.faults ?? []) {
    faults.add(fault);
  }
  const apps = demoApps(like);
  const hosts = [nameOf(address), ...(options.hosts ?? [])].map((host) => host.toLowerCase());
  const instance: Instance = {
    accounts,
    faults,
    lagMs,
    release: like,
    hosts,
    rpcs,
    apps,
    signIns: new SignInStore(like, () => journal.now()),
    approvesAtOnce: options.approve ?? false,
    assets: new Map(Object.entries(options.assets ?? {})),
    log: new RequestLog(),
  };
  const handler: Handler = (request, response) => serve(instance, request, response);
  const cleartext = await listenCleartext(handler, port, address);
  const secure =
    tls &&
    (await listenTls(handler, tls, tls.port ?? 0, address).catch(async (error: unknown) => {
      await cleartext.close();
      throw error;
    }));
  const name = nameOf(address);
  let closed: Promise<unknown> | undefined;
  const close = async (): Promise<void> => {
    closed ??= Promise.all([cleartext.close(), secure?.close()]);
    await closed;
  };
  return {
    url: `http://${name}:${cleartext.port}`,
    ...(secure && { tlsUrl: `https://${name}:${secure.port}` }),
    users: [firstAccount.user, ...accounts.slice(1).map((account) => account.user)],
    clientId: apps.find((app) => app.grants.includes(deviceGrant))?.clientId ?? "",
    requests: instance.log.requests,
    fail: (fault) => faults.add(fault),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** How this machine reaches itself on an address, as a URL has it. */
function nameOf(address: string): string {
  const reached = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  return reached.includes(":") ? `[${reached}]` : reached;
}
