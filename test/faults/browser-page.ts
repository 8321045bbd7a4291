// A page: makes calls in a browser, one after the other, and tells what came of them.
import { ConnectError, createAuthClient, getErrorInfo, grpcWeb, rest } from "../../src/web.js";

export interface PageCall {
  readonly baseUrl: string;
  readonly protocol: "grpcWeb" | "rest";
  readonly token: string;
  /** How many calls with the same client; default 1. The outcome is the last one's. */
  readonly times?: number;
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** For how long the page is frozen, a little after each call began; default 0. */
  readonly freezeMs?: number;
  /** A Content-Security-Policy that the page sets before, for good. */
  readonly policy?: string;
}

export interface PageOutcome {
  /** Absent if the call succeeded. */
  readonly code?: number;
  readonly message?: string;
  readonly reason?: string | undefined;
  readonly attempts?: number;
  readonly httpStatus?: number | undefined;
  readonly fromServer?: boolean | undefined;
  /** The error as text, with all that it shows of itself. */
  readonly text?: string;
}

export async function run(calls: readonly PageCall[]): Promise<PageOutcome[]> {
  // A cookie of the page's host: cookies know no port, so it would fit every server of these tests.
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = "ambient=1; path=/";
  const outcomes: PageOutcome[] = [];
  for (const call of calls) outcomes.push(await outcomeOf(call));
  return outcomes;
}

async function outcomeOf({
  baseUrl,
  protocol,
  token,
  times = 1,
  timeoutMs = 10_000,
  freezeMs = 0,
  policy,
}: PageCall): Promise<PageOutcome> {
  if (policy !== undefined) {
    const meta = document.createElement("meta");
    Object.assign(meta, { httpEquiv: "Content-Security-Policy", content: policy });
    document.head.append(meta);
  }
  const client = createAuthClient({
    baseUrl,
    token,
    protocol: protocol === "rest" ? rest : grpcWeb,
    timeoutMs,
    retry: { initialBackoffMs: 1, maxBackoffMs: 1 },
  });
  try {
    for (let call = 0; call < times; call++) {
      if (freezeMs > 0) setTimeout(freeze, 30, freezeMs);
      await client.listMyRefreshTokens({});
    }
    return {};
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { reason, attempts, httpStatus, fromServer } = getErrorInfo(error);
    const text = [error.stack, error.rawMessage, JSON.stringify(error), String(error.cause), ...error.metadata].join(
      " ",
    );
    return { code: error.code, message: error.message, reason, attempts, httpStatus, fromServer, text };
  } finally {
    client.close();
  }
}

function freeze(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}
