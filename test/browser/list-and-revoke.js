// A page as an application has it: lists, revokes one token, and revokes it again.
import {
  Code,
  ConnectError,
  createAuthClient,
  getErrorInfo,
  grpcWeb,
  rest,
  viewRefreshTokens,
} from "zitadel-refresh-tokens";

const protocols = { grpcWeb, rest };

/** Code, ZITADEL's id and the rest of what an application sees of an error. */
function tell(error) {
  if (!(error instanceof ConnectError)) throw error;
  return { ...getErrorInfo(error), code: Code[error.code], message: error.message };
}

export async function run({ baseUrl, token, protocol, headers }) {
  const auth = createAuthClient({ baseUrl, token, protocol: protocols[protocol], retry: { initialBackoffMs: 10 } });
  let contentType;
  const onHeader = (header) => {
    contentType = header.get("content-type");
  };
  try {
    const before = viewRefreshTokens(await auth.listMyRefreshTokens({}, { onHeader, headers }));
    const [{ id }] = before.tokens;
    const { details } = await auth.revokeMyRefreshToken({ id });
    const after = viewRefreshTokens(await auth.listMyRefreshTokens({}));
    const again = await auth.revokeMyRefreshToken({ id }).catch(tell);
    return { contentType, before, revoked: id, owner: details.resourceOwner, after, again };
  } catch (error) {
    return { failed: tell(error) };
  } finally {
    await auth.close();
  }
}
