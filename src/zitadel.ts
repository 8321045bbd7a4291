import { Code } from "@connectrpc/connect";

/** What to do about an error of ZITADEL's whose text does not tell, for the end of `error.message`. */
export function hintFor(code: Code, message: string): string | undefined {
  // One answer for every token that it does not take, although the wrong audience is the usual reason.
  if (message.endsWith("(AUTH-7fs1e)")) {
    return 'the token is expired, revoked, or was made without the scope "urn:zitadel:iam:org:project:id:zitadel:aud"';
  }
  if (message.endsWith("(AUTH-DZG21)")) return "add this page's origin to the app's additional origins in ZITADEL";
  if (message === "auth header missing") return "pass `token`";
  // The gateway's words for a path that it does not serve; ZITADEL's own have an id.
  if (code === Code.NotFound && message === "Not Found") {
    return "no such path: baseUrl must be the root of the instance, without /auth/v1";
  }
  return undefined;
}
