import { Code } from "@connectrpc/connect";
import { callersOwn, failure, type NetworkFault, networkFailure } from "../failure.js";

/** Reads from an error of `fetch`, or from its cause, what went wrong; `undefined` if that cannot be told. */
export type ExplainFailure = (error: unknown, host: string) => NetworkFault | undefined;

// How the network errors of the Fetch standard begin in Chromium, Electron, Firefox, React Native, workerd, Node, Deno, Tauri
// and Bun; and in Safari. What does not begin so is a mistake in a mock or in a wrapper.
const networkErrors = [
  /^(?:failed to fetch|net::err_|(?:a )?network ?(?:error|request|connection)|fetch failed|error sending request|unable to connect)/i,
  /^(?:load failed|the (?:internet|network) connection|could not connect|a server with the specified|the request timed|an ssl error|origin http)/i,
];
// Those of programs, whatever they do with a network.
const programError = /^(?:Reference|Range|Syntax)Error$/;

/** The error of a `fetch` that was rejected: the network's, or what it threw itself, which is its maker's. */
export function fetchFailure(error: unknown, origin: string, explain: ExplainFailure | undefined): unknown {
  const { name, message, cause } = detailsOf(error);
  const { host } = new URL(origin);
  // Node has the cause in `cause`, Bun in the error itself.
  const fault = explain?.(cause, host) ?? explain?.(error, host);
  if (fault) return networkFailure(fault, cause ?? error);
  if ((networkErrors.some((error) => error.test(message)) && !programError.test(name)) || name === "NetworkError") {
    const why =
      detailsOf(cause).message || "the network failed, or CORS refused the request (a browser's console tells)";
    return networkFailure({ reason: "network-or-cors", message: `no answer from ${host}: ${why}` }, error);
  }
  return callersOwn(error, "bad-http");
}

/** The error of a body that could not be read to its end: its head has come, so CORS has let it pass. */
export function bodyFailure(
  error: unknown,
  { status, headers }: Response,
  origin: string,
  explain: ExplainFailure | undefined,
): unknown {
  const { name, message, code, cause } = detailsOf(error);
  if (programError.test(name)) return callersOwn(error, "bad-http");
  const { host } = new URL(origin);
  const inner = detailsOf(cause);
  const encoding = headers.get("content-encoding");
  if (
    encoding &&
    /zlib|gzip|deflat|brotli|zstd|^Z_|^ERR__ERROR|end of file/im.test(
      [code, message, inner.code, inner.message].join("\n"),
    )
  ) {
    const message = `the answer's content-encoding (${encoding.slice(0, 40)}) is damaged`;
    return failure(Code.Internal, message, { reason: "decompress", httpStatus: status }, { cause: error });
  }
  const fault = explain?.(cause, host) ?? explain?.(error, host);
  return networkFailure(
    fault ?? { reason: "connection-lost", message: `the connection to ${host} was lost` },
    cause ?? error,
  );
}

function detailsOf(error: unknown): { name: string; message: string; code: string; cause: unknown } {
  // Tauri's fetch throws texts.
  const {
    name = "",
    message = "",
    code = "",
    cause,
  } = (typeof error === "string" ? { message: error } : (error ?? {})) as Record<string, unknown>;
  return { name: String(name), message: String(message), code: String(code), cause };
}
