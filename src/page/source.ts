import type { Token } from "../web.js";

/** Whose tokens are shown, and where. In memory only: neither URL nor storage ever holds a token. */
export interface Source {
  readonly name: string;
  readonly baseUrl: string;
  readonly token: Token;
}

/**
 * The demo user of the local ZITADEL that `zitadel-refresh-tokens serve` runs, which also serves this page. `undefined`
 * where something else serves it.
 */
export async function findDemo(): Promise<Source | undefined> {
  // Some servers answer whatever they do not have with a page of theirs.
  const answer = await fetch("demo.json").catch(() => undefined);
  const demo: unknown = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
  if (!demo) return undefined;
  const { token, refreshedToken } = demo as { token: string; refreshedToken: string };
  let current = token;
  return {
    name: "The demo user",
    baseUrl: location.origin,
    // As an app does that refreshes its access token when ZITADEL no longer takes it.
    token: ({ refresh }) => {
      if (refresh) current = refreshedToken;
      return current;
    },
  };
}
