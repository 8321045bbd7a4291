import { type AuthClient, Code, createAuthClient, grpc, grpcWeb, rest, type TransportOptions } from "../index.js";
import { CommandError, exitCodes } from "./command-error.js";
import { explainError } from "./explain-error.js";
import { createHttpsFetch } from "./https-fetch.js";
import { showProgress } from "./progress.js";
import type { Settings } from "./settings.js";

const protocols = { grpc, "grpc-web": grpcWeb, rest };

/** What a command's use of a client depends on. */
export interface ClientUse {
  readonly settings: Settings;
  /** What is being done, for people who wait. */
  readonly task: string;
  readonly signal: AbortSignal;
}

/**
 * Opens a client, closes it in the end, and says what it is doing in between. What it throws is an error of the
 * command.
 */
export async function withClient<T>(
  { settings, task, signal }: ClientUse,
  use: (auth: AuthClient) => Promise<T>,
): Promise<T> {
  if (!settings.token) {
    const remedy = "set ZITADEL_TOKEN, or pass --token-file PATH (- for standard input)";
    throw new CommandError(`no access token: ${remedy}`, exitCodes.notAllowed);
  }
  const stopProgress = settings.verbose ? () => {} : showProgress(task);
  let auth: AuthClient | undefined;
  try {
    auth = createAuthClient(clientOptions(settings));
    return await use(auth);
  } catch (error) {
    signal.throwIfAborted();
    throw explainError(error);
  } finally {
    stopProgress();
    await auth?.close();
  }
}

function clientOptions({ url, token, protocol, timeoutMs, ca, headers, allowInsecure, verbose }: Settings) {
  if (verbose) process.stderr.write(`${protocol} to ${url}, token from ${token?.source}\n`);
  const options: TransportOptions = {
    baseUrl: url,
    token: token?.value,
    protocol: protocols[protocol],
    timeoutMs,
    allowInsecure,
    ...(ca !== undefined && (protocol === "grpc" ? { http2: { tls: { ca } } } : { fetch: createHttpsFetch(ca) })),
    ...(headers.length > 0 && {
      interceptors: [
        (next) => (request) => {
          for (const [name, value] of headers) request.header.append(name, value);
          return next(request);
        },
      ],
    }),
    ...(verbose && {
      onAttempt: ({ attempt, ms, code, bytes }) => {
        const outcome = code === undefined ? "ok" : Code[code];
        process.stderr.write(`attempt ${attempt}: ${outcome}, ${ms.toFixed(1)} ms, ${bytes} bytes\n`);
      },
    }),
  };
  return options;
}
