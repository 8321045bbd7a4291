import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, test } from "@jest/globals";
import {
  createAuthClient,
  endOtherSignIns,
  endSignIns,
  getErrorInfo,
  grpc,
  grpcWeb,
  listSignIns,
  type Protocol,
  rest,
} from "../../src/node.js";
import {
  type LocalUser,
  type LocalUserOptions,
  type LocalZitadelOptions,
  startLocalZitadel,
} from "../../src/testing.js";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Whose token asks: of a session, of no sign-in at all, or of a sign-in that made no session. */
const callers = {
  "of a session": { user: {}, token: (user: LocalUser) => user.token },
  "that is a personal one": { user: {}, token: (user: LocalUser) => user.tokens.personal },
  "of the old login": { user: { sessions: [] }, token: (user: LocalUser) => user.token },
} satisfies Record<string, { user: LocalUserOptions; token: (user: LocalUser) => string }>;

type Caller = keyof typeof callers;

async function start(protocol: Protocol, release: LocalZitadelOptions["release"], caller: Caller) {
  const { user: options, token } = callers[caller];
  const zitadel = await startLocalZitadel({ release, users: [options, {}] });
  open.push(() => zitadel.close());
  const [user, other] = zitadel.users;
  const auth = createAuthClient({ baseUrl: zitadel.url, protocol, token: token(user), retry: false });
  open.push(() => auth.close());
  const count = async (act: () => Promise<unknown>) => {
    const before = zitadel.requests.length;
    await act();
    return zitadel.requests.length - before;
  };
  return { zitadel, user, other: other as LocalUser, auth, count };
}

const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).sort();

for (const protocol of [grpc, grpcWeb, rest]) {
  for (const caller of Object.keys(callers) as Caller[]) {
    describe(`with a token ${caller}, over ${protocol.name}`, () => {
      test("release 4 lists sessions and tokens", async () => {
        const { auth, user } = await start(protocol, "4", caller);
        const view = await listSignIns(auth);
        const { id, loginName, displayName } = user;
        expect(view.user).toEqual({ id, loginName, displayName });
        expect(ids(view.sessions ?? [])).toEqual(ids(user.sessions));
        expect(ids(view.tokens.tokens)).toEqual(ids(user.refreshTokens));
        expect(view.signIns).toHaveLength(user.sessions.length + user.refreshTokens.length);
        const isKnown = caller === "of a session";
        expect((view.sessions ?? []).filter(({ isCurrent }) => isCurrent).map(({ id }) => id)).toEqual(
          isKnown ? [user.sessions[0]?.id] : [],
        );
        expect(view.incomplete).toEqual(isKnown ? ["offline-access"] : ["offline-access", "current-not-listed"]);
      });

      test("release 2.44 lists tokens, without an error", async () => {
        const { auth, user } = await start(protocol, "2.44", caller);
        const view = await listSignIns(auth);
        expect("sessions" in view).toBe(false);
        expect(view.incomplete).toEqual([]);
        expect(ids(view.signIns)).toEqual(ids(user.refreshTokens));
        expect(user.refreshTokens.length).toBeGreaterThan(0);
      });

      for (const release of ["4", "2.44"] as const) {
        test(`release ${release} is asked three times, then twice, and once more where no session is named`, async () => {
          const { auth, user, count } = await start(protocol, release, caller);
          const named = { currentSessionId: user.sessions[0]?.id ?? "1" };
          expect(await count(() => listSignIns(auth, named))).toBe(3);
          expect(await count(() => listSignIns(auth, named))).toBe(2);
          expect(await count(() => listSignIns(auth))).toBe(3);
          expect(await count(() => listSignIns(auth.withToken(callers[caller].token(user))))).toBe(4);
        });

        test(`release ${release} ends what it lists, and says what became of each`, async () => {
          const { auth, user, other } = await start(protocol, release, caller);
          const { signIns } = await listSignIns(auth);
          const strangers = [
            { kind: "session", id: "123" },
            { kind: "session", id: other.sessions[0]?.id ?? "124" },
            { kind: "refreshToken", id: other.refreshTokens[0]?.id ?? "" },
          ] as const;
          const result = await endSignIns(auth, release === "4" ? [...strangers, ...signIns] : signIns);
          expect(result.failed).toEqual([]);
          expect(result.ended.toSorted()).toEqual(ids(signIns));
          expect(result.alreadyGone).toEqual(release === "4" ? strangers.map(({ id }) => id) : []);
          expect([...user.sessions, ...user.refreshTokens]).toEqual([]);
          expect(other.refreshTokens).not.toEqual([]);
          const after = await listSignIns(auth).catch((error: unknown) => getErrorInfo(error));
          // Its own token ended with its session, last.
          const ended = { code: Code.Unauthenticated, id: "AUTH-7fs1e" };
          expect(after).toMatchObject(release === "4" && caller === "of a session" ? ended : { signIns: [] });
        });
      }

      for (const method of ["GetMyUser", "ListSessions", "ListMyRefreshTokens"]) {
        test(`an error of ${method} is one of the whole list`, async () => {
          const { auth, zitadel } = await start(protocol, "4", caller);
          zitadel.fail({ kind: "status", method, code: Code.PermissionDenied, id: "TEST-1" });
          const error = await listSignIns(auth, { currentSessionId: "1" }).catch((reason: unknown) => reason);
          expect(getErrorInfo(error)).toMatchObject({ code: Code.PermissionDenied, id: "TEST-1" });
        });
      }
    });
  }

  test(`all others end but the current one, over ${protocol.name}`, async () => {
    const { auth, user } = await start(protocol, "4", "of a session");
    const [current, ...others] = user.sessions;
    const tokens = ids(user.refreshTokens);
    const result = await endOtherSignIns(auth, await listSignIns(auth));
    expect(result).toMatchObject({ alreadyGone: [], failed: [] });
    expect(result.ended.toSorted()).toEqual([...ids(others), ...tokens].sort());
    expect(ids(user.sessions)).toEqual([current?.id]);
    expect((await listSignIns(auth)).signIns.map(({ id }) => id)).toEqual([current?.id]);
  });

  test(`a session that was ended before ends again, over ${protocol.name}`, async () => {
    const { auth, user } = await start(protocol, "4", "that is a personal one");
    const id = user.sessions[1]?.id ?? "";
    for (let i = 0; i < 2; i++) {
      expect(await endSignIns(auth, [{ kind: "session", id }])).toEqual({ ended: [id], alreadyGone: [], failed: [] });
    }
    expect(ids(user.sessions)).not.toContain(id);
  });
}
