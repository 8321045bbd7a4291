import { CommandError, exitCodes, usageError } from "../command-error.js";
import type { FoundToken } from "../input/read-token.js";
import { checkFolder, type Login, loginPath, readLogin, readLogins, writeLogin } from "./login-file.js";

/** The URL of the only login, where no other was given; `undefined` if there is none. */
export function onlyUrl(): string | undefined {
  const [first, second] = readLogins();
  if (second) throw usageError("you are logged in to several instances: pass --url or set ZITADEL_URL");
  return first?.url;
}

/** The access token of the login to an instance, fresh; `undefined` if there is no login. */
export async function readLoginToken(url: string, ca: string | undefined): Promise<FoundToken | undefined> {
  // What is no URL is told by the library.
  let login = readLogin(url);
  if (login === undefined) return undefined;
  // Whatever is sent now shall arrive before that.
  if (login.expiresAt <= Date.now() + 10_000) login = await renew(login, ca);
  const known = login;
  let renewal: Promise<Login> | undefined;
  return {
    value: login.accessToken,
    source: loginPath(login.url),
    idToken: login.idToken,
    renewal: {
      run: async () => {
        renewal = renew(known, ca);
        return (await renewal).accessToken;
      },
      // A refresh token that is spent, with the next one lost, ends the login.
      finished: async () => void (await renewal?.catch(() => {})),
    },
  };
}

/** Refreshes a login, unless another command has done so: one at a time, since each refresh token is good for one. */
async function renew(login: Login, ca: string | undefined): Promise<Login> {
  const [{ lock }, { refreshTokens }] = await Promise.all([import("./packages.js"), import("./oauth.js")]);
  const path = loginPath(login.url);
  // Before the server ends the refresh token; and the lock would be tried for again and again.
  checkFolder(login.url);
  const retries = { retries: 100, factor: 1.2, minTimeout: 50, maxTimeout: 500, randomize: true };
  const release = await lock(path, { stale: 20_000, retries }).catch((error: NodeJS.ErrnoException) => {
    const remedy = error.code === "ELOCKED" ? "try again, or delete it" : "is the disk writable?";
    throw new CommandError(`the login cannot be renewed (${path}.lock: ${error.code}): ${remedy}`, exitCodes.failed);
  });
  try {
    const current = readLogin(login.url) ?? login;
    if (current.accessToken !== login.accessToken) return current;
    const next = await refreshTokens(current, ca);
    writeLogin(next);
    return next;
  } finally {
    await release().catch(() => {});
  }
}
