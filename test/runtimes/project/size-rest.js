// What a page pays for REST.
import { createAuthClient, rest, viewRefreshTokens } from "zitadel-refresh-tokens";

globalThis.list = async (baseUrl, token) =>
  viewRefreshTokens(await createAuthClient({ baseUrl, token, protocol: rest }).listMyRefreshTokens({}));
