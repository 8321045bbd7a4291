/** Names this package to servers, as `user-agent` does. */
export const product = "zitadel-refresh-tokens/0.1.0";
