import type { AuthClient } from "../../node.js";
import { CommandError, exitCodes, usageError } from "../command-error.js";
import type { Settings } from "../input/settings.js";
import { showProgress } from "../terminal/messages.js";
import { escapeText } from "../terminal/text.js";

/**
 * Opens a client, closes it in the end, and says in between what it is doing: `task`, for people who wait. What it throws
 * is an error of the command.
 */
export async function withClient<T>(
  { settings, task, signal }: { settings: Settings; task: string; signal: AbortSignal },
  use: (auth: AuthClient) => Promise<T>,
): Promise<T> {
  const { url, token, protocol, verbose } = settings;
  if (!token) {
    const remedy = "run login, set ZITADEL_TOKEN, or pass --token-file PATH (- for standard input)";
    throw new CommandError(`no access token: ${remedy}`, exitCodes.notAllowed);
  }
  if (token.mistake) throw usageError(token.mistake);
  const [{ openClient }, { explainError }] = await Promise.all([
    import("./open-client.js"),
    import("../explain-error.js"),
  ]);
  let auth: AuthClient | undefined;
  let stopProgress = () => {};
  try {
    auth = await openClient(settings);
    if (verbose) process.stderr.write(`${escapeText(`${protocol} to ${url}, token from ${token.source}`)}\n`);
    else stopProgress = showProgress(task);
    return await use(auth);
  } catch (error) {
    signal.throwIfAborted();
    throw explainError(error, settings);
  } finally {
    stopProgress();
    await auth?.close();
    await token.renewal?.finished();
  }
}
