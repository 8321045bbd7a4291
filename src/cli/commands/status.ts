import { defineCommand } from "../command.js";
import { CommandError, exitCodes } from "../command-error.js";
import { commonOptions } from "../input/common-options.js";
import { escapeText } from "../terminal/text.js";

export const status = defineCommand({
  about: "Tells whether you are logged in, where, and as whom. Exits with 4 if you are not. Asks no server.",
  options: { url: { ...commonOptions.url } },
  examples: "zitadel-refresh-tokens status",

  async run({ values }) {
    const { loginPath, readLogin, readLogins } = await import("../login/login-file.js");
    const url = values.url ?? process.env.ZITADEL_URL;
    const logins = url ? [readLogin(url) ?? []].flat() : readLogins();
    if (logins.length === 0) {
      throw new CommandError(`no login${url ? ` to ${url}` : ""}: run login`, exitCodes.notAllowed);
    }
    for (const { url, user, expiresAt, refreshToken } of logins) {
      const at = new Date(expiresAt).toLocaleString();
      const expiry = `${expiresAt > Date.now() ? "until" : "expired at"} ${at}${refreshToken ? ", then renews itself" : ""}`;
      const lines = { instance: url, user, "access token": expiry, file: loginPath(url) };
      for (const [name, value] of Object.entries(lines)) process.stdout.write(`${name}: ${escapeText(value)}\n`);
    }
    return exitCodes.ok;
  },
});
