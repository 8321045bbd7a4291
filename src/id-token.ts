import { base64Decode } from "@bufbuild/protobuf/wire";

/**
 * The claim `sid` of an id_token: the id of the session that it came from; `undefined` where it has none, as from the old
 * login. The token is decoded, not verified. A TypeError, never with the token in it, for what is no JWT.
 */
export function sessionIdIn(idToken: string): string | undefined {
  try {
    const [, payload, signature, ...others] = idToken.split(".");
    if (signature === undefined || others.length > 0) throw new TypeError("not three parts");
    const { sid } = JSON.parse(new TextDecoder().decode(base64Decode(payload as string)));
    return typeof sid === "string" && sid !== "" ? sid : undefined;
  } catch {
    throw new TypeError("currentIdToken is no JWT: pass the id_token of the sign-in, not the access token");
  }
}
