import { defineCommand } from "../command.js";
import { CommandError, exitCodes } from "../command-error.js";
import { commonOptions } from "../input/common-options.js";
import { readCertificates } from "../input/settings.js";
import { printWarning } from "../terminal/messages.js";
import { escapeText } from "../terminal/text.js";

export const logout = defineCommand({
  about: "Ends the login: its tokens at ZITADEL, and its file here.",
  options: { url: { ...commonOptions.url }, ca: { ...commonOptions.ca } },
  examples: "zitadel-refresh-tokens logout --url https://my-instance.zitadel.cloud",

  async run({ values }, signal) {
    const { deleteLogin, loginPath, readLogin } = await import("../login/login-file.js");
    const { onlyUrl } = await import("../login/current-login.js");
    const given = values.url ?? (process.env.ZITADEL_URL || onlyUrl());
    const url = given && URL.canParse(given) ? new URL(given).origin : undefined;
    const ca = await readCertificates(values.ca, signal);
    const noLogin = new CommandError(`no login${url ? ` to ${url}` : ""}`, exitCodes.notAllowed);
    if (url === undefined) throw noLogin;
    let problem: string | undefined;
    try {
      const login = readLogin(url);
      if (login === undefined) throw noLogin;
      const { revokeTokens } = await import("../login/oauth.js");
      await revokeTokens(login, ca);
    } catch (error) {
      if (error === noLogin) throw error;
      // What cannot be read, or not be ended at ZITADEL, is deleted all the same.
      problem = (error as Error).message;
    }
    deleteLogin(url);
    process.stdout.write(`${escapeText(`logged out of ${url}`)}\n`);
    if (problem) {
      const rest = "the tokens were not ended at ZITADEL, and stay good until they expire";
      printWarning(`${rest}: ${problem} (deleted: ${loginPath(url)})`);
    }
    return exitCodes.ok;
  },
});
