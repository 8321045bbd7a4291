import type { Settings } from "../input/settings.js";
import {
  type AuthClient,
  Code,
  createAuthClient,
  createHttp1AuthClient,
  grpc,
  grpcWeb,
  type Http2Options,
  type TransportOptions,
} from "../library.js";
import { type HttpProxy, proxyFor } from "./proxy.js";

/** Makes the client that the settings describe, which repeats failed calls unless `retry` says no. */
export async function openClient(
  { url, token, protocol, timeoutMs, ca, headers, allowInsecure, verbose }: Settings,
  retry?: false,
): Promise<AuthClient> {
  const renewal = token?.renewal;
  const connection = await connectionOptions(ca, proxyFor(url));
  const options = {
    baseUrl: url,
    token: renewal ? ({ refresh }) => (refresh ? renewal.run() : token.value) : token?.value,
    protocol: protocol === "rest" ? (await import("./rest.js")).rest : protocol === "grpc" ? grpc : grpcWeb,
    timeoutMs,
    retry,
    allowInsecure,
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
  } satisfies TransportOptions;
  return protocol === "grpc"
    ? createAuthClient({ ...options, http2: connection })
    : createHttp1AuthClient(options, connection);
}

/** How connections are made: which certificates they trust, and through which proxy they lead. */
export async function connectionOptions(ca: string | undefined, proxy: HttpProxy | undefined): Promise<Http2Options> {
  const options = ca === undefined ? {} : { tls: { ca } };
  if (!proxy) return options;
  // Loaded only where it is needed, since all wait for what is loaded at once.
  const { openTunnel } = await import("./tunnel.js");
  return { ...options, createConnection: (target) => openTunnel(proxy, target) };
}
