import { defineCommand } from "../command.js";
import { exitCodes, usageError } from "../command-error.js";
import { commonOptions } from "../input/common-options.js";
import { readCertificates } from "../input/settings.js";
import { showProgress } from "../terminal/messages.js";
import { escapeText } from "../terminal/text.js";

const scopes = ["openid", "profile", "offline_access", "urn:zitadel:iam:org:project:id:zitadel:aud"];

export const login = defineCommand({
  about:
    "Signs you in, in a browser on any device, for every other command: they use this login unless a token is given. " +
    "It is kept in a file that only you can read, and renews itself.",
  options: {
    url: { ...commonOptions.url },
    "client-id": { type: "string", value: "ID", help: "the app to sign in with; default: that of the login before" },
    scope: { type: "string", multiple: true, value: "SCOPE", help: "one more scope; may be repeated" },
    "no-browser": { type: "boolean", help: "opens no browser" },
    ca: { ...commonOptions.ca },
    "allow-insecure": { ...commonOptions["allow-insecure"] },
  },
  notes:
    "The app is one of ZITADEL's: in its console open Projects, a project, New under Applications, then Native, and Device Code; " +
    "allow Refresh Token. It needs no secret.",
  examples: `zitadel-refresh-tokens login -u https://id.example --client-id 320010000000000013
zitadel-refresh-tokens login --no-browser`,

  async run({ values }, signal) {
    const { checkFolder, loginPath, readLogin, writeLogin } = await import("../login/login-file.js");
    const given = values.url ?? process.env.ZITADEL_URL;
    if (!given) throw usageError("no URL: pass --url or set ZITADEL_URL, such as https://my-instance.zitadel.cloud");
    await checkUrl(given, values["allow-insecure"]);
    const url = new URL(given).origin;
    const clientId = values["client-id"] ?? (await lastClientId());
    if (!clientId) {
      const clicks = "open Projects, a project, New under Applications, then Native with Device Code and Refresh Token";
      throw usageError(`no client id: in ZITADEL's console ${clicks}, and pass its Client ID by --client-id`);
    }
    checkFolder(url);
    const ca = await readCertificates(values.ca, signal);
    const { signIn } = await import("../login/oauth.js");
    let stopProgress = () => {};
    const scope = [...scopes, ...(values.scope ?? [])].join(" ");
    try {
      const made = await signIn({ url, clientId, ca }, scope, show, signal);
      writeLogin(made);
      stopProgress();
      const until = new Date(made.expiresAt).toLocaleString();
      const end = made.refreshToken ? `it renews itself, next at ${until}` : `until ${until}`;
      process.stdout.write(`${escapeText(`logged in as ${made.user} to ${url}: ${end}`)}\n`);
    } finally {
      stopProgress();
    }
    return exitCodes.ok;

    function show(approval: import("../login/oauth.js").Approval): void {
      const { user_code: code, verification_uri: uri, verification_uri_complete: whole = uri } = approval;
      process.stderr.write(`${escapeText(`Open ${whole} and approve the code ${code}`)}\n`);
      if (!values["no-browser"] && hasBrowser()) {
        import("../serve/open-browser.js").then(({ openBrowser }) => openBrowser(whole));
      }
      stopProgress = showProgress("Waiting for the approval");
    }

    // A login that cannot be read is what a new one mends.
    async function lastClientId(): Promise<string | undefined> {
      try {
        return readLogin(url)?.clientId;
      } catch {
        throw usageError(`the login in ${loginPath(url)} cannot be read: pass --client-id`);
      }
    }
  },
});

/** Throws the library's mistake about a URL that no token may go to. */
async function checkUrl(baseUrl: string, allowInsecure: boolean | undefined): Promise<void> {
  const [{ createAuthClient }, { explainError }] = await Promise.all([
    import("../../node.js"),
    import("../explain-error.js"),
  ]);
  try {
    await createAuthClient({ baseUrl, token: "none", allowInsecure }).close();
  } catch (error) {
    throw explainError(error, { url: baseUrl, protocol: "grpc", headers: [] });
  }
}

function hasBrowser(): boolean {
  const { DISPLAY, WAYLAND_DISPLAY, SSH_CONNECTION } = process.env;
  if (process.platform === "win32" || process.platform === "darwin") return !SSH_CONNECTION;
  return Boolean(DISPLAY || WAYLAND_DISPLAY);
}
