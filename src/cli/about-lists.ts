/** Why a list may be empty although its user is signed in, and what ends such sign-ins: measured on ZITADEL v4. */
export const emptyListMeaning =
  "a service user, as behind most PATs, never has any, and a ZITADEL of 2024 or later keeps those of new sign-ins in OIDC " +
  "sessions, which this API neither lists nor " +
  "revokes. One ends when its app revokes it (/oauth/v2/revoke with the refresh token itself), when it expires, or " +
  "when the app or the user is deactivated. Ending the session is not enough: it only ends the access token";

/** Why more may be signed in than is listed. */
export const incompleteMeaning = {
  "offline-access":
    "apps with offline access may stay signed in beside these: ZITADEL cannot list their refresh tokens",
  "current-not-listed": "the sign-in that this access token came from is not in the list",
};

// ZITADEL renews `viewTimestamp` every 3 minutes on a quiet server, and at once on a busy one.
const oldMs = 10 * 60_000;

/** Whether a list is older than it is on a ZITADEL that is well. */
export function isOld(asOf: Date | undefined, now: number): asOf is Date {
  return asOf !== undefined && now - asOf.getTime() > oldMs;
}

/** A number of tokens, in words. */
export function countTokens(count: number): string {
  return count === 1 ? "1 refresh token" : `${count} refresh tokens`;
}
