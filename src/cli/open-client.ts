import { type AuthClient, Code, createAuthClient, grpc, grpcWeb, rest } from "../node.js";
import type { Settings } from "./input/settings.js";

const protocols = { grpc, "grpc-web": grpcWeb, rest };

/** Makes the client that the settings describe, which repeats failed calls unless `retry` says no. */
export function openClient(
  { url, token, protocol, timeoutMs, ca, headers, allowInsecure, verbose }: Settings,
  retry?: false,
): AuthClient {
  return createAuthClient({
    baseUrl: url,
    token: token?.value,
    protocol: protocols[protocol],
    timeoutMs,
    retry,
    allowInsecure,
    ...(ca !== undefined && (protocol === "grpc" ? { http2: { tls: { ca } } } : { fetch: fetchTrusting(ca) })),
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
        process.stderr.write(`${protocol}, attempt ${attempt}: ${outcome}, ${ms.toFixed(1)} ms, ${bytes} bytes\n`);
      },
    }),
  });
}

function fetchTrusting(ca: string): typeof fetch {
  // Loaded when it is called: few need it, and all wait for what is loaded at once.
  return async (url, init) => (await import("./doctor/https-fetch.js")).httpsFetch(ca, url, init);
}
