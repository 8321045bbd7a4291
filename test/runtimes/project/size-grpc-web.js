// What a page pays for gRPC-Web, its default.
import { createAuthClient, viewRefreshTokens } from "zitadel-refresh-tokens";

globalThis.list = async (baseUrl, token) =>
  viewRefreshTokens(await createAuthClient({ baseUrl, token }).listMyRefreshTokens({}));
