import { expect, test } from "@jest/globals";
import { InMemoryWebStorage, User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import { type Code, createAuthClient, type TokenContext } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";
import { turns, until } from "../faults/fault-row.js";
import { startSignIn } from "./sign-in-server.js";

/** An app that signed in with oidc-client-ts, whose access token has expired, and a server that takes its time. */
async function startApp() {
  const zitadel = await startLocalZitadel();
  const [user] = zitadel.users;
  const held: (() => void)[] = [];
  const instance = await startSignIn(zitadel, () => new Promise((resolve) => held.push(resolve)));
  const store = () => new WebStorageStateStore({ store: new InMemoryWebStorage() });
  const sessions = new UserManager({
    authority: instance.url,
    client_id: "app",
    redirect_uri: "https://app.example/callback",
    automaticSilentRenew: false,
    userStore: store(),
    stateStore: store(),
  });
  const session = { access_token: user.tokens.expired, refresh_token: instance.refreshToken, token_type: "Bearer" };
  await sessions.storeUser(new User({ ...session, profile: { sub: user.id, iss: "", aud: "app", iat: 1, exp: 1 } }));
  // As in examples/spa-oidc.ts.
  async function token({ refresh }: TokenContext): Promise<string> {
    const session = refresh ? await sessions.signinSilent() : await sessions.getUser();
    if (!session) throw new Error("signed out");
    return session.access_token;
  }
  return {
    zitadel,
    grants: instance.grants,
    held,
    token,
    async [Symbol.asyncDispose]() {
      // Its timers would keep the process alive.
      await sessions.removeUser();
      instance.close();
      await zitadel.close();
    },
  };
}

const ways = ["its component unmounts", "its deadline passes", "another request comes in"] as const;

for (const way of ways) {
  test(`nobody is signed out where a call waits for a refresh by oidc-client-ts and ${way}`, async () => {
    await using app = await startApp();
    const { zitadel, grants, held, token } = app;
    await using auth = createAuthClient({ baseUrl: zitadel.url });
    const component = new AbortController();
    const timeoutMs = way === "its deadline passes" ? 1_500 : 10_000;
    // A client of its own for each, as a backend makes them.
    const first = auth.withToken(token).listMyRefreshTokens({}, { signal: component.signal, timeoutMs });
    const left = first.then(
      () => undefined,
      ({ code }: { code: Code }) => code,
    );
    await until(() => held.length === 1, "no refresh was asked for");
    if (way === "its component unmounts") component.abort();
    if (way !== "another request comes in") expect(await left).not.toBeUndefined();
    const second = auth.withToken(token).listMyRefreshTokens({});
    second.catch(() => undefined);
    await until(() => zitadel.requests.length === 2, "the second call was not sent");
    // Time enough to ask for another refresh.
    await turns(200);
    for (const answer of held) answer();
    expect((await second).result).toHaveLength(6);
    expect(grants).toEqual(["refresh_token"]);
    await left;
    // And the next one finds the new token.
    expect((await auth.withToken(token).listMyRefreshTokens({})).result).toHaveLength(6);
  });
}
