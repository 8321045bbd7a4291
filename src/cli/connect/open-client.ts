import { type AuthClient, Code, createAuthClient, grpc, grpcWeb, type Http2Options } from "../../node.js";
import type { Settings } from "../input/settings.js";
import { type HttpProxy, proxyFor } from "./proxy.js";

/** Makes the client that the settings describe, which repeats failed calls unless `retry` says no. */
export async function openClient(
  { url, token, protocol, timeoutMs, ca, headers, allowInsecure, verbose }: Settings,
  retry?: false,
): Promise<AuthClient> {
  const proxy = proxyFor(url);
  // What is loaded here is loaded only when it is needed, for all wait for what is loaded at once.
  const http =
    protocol === "grpc"
      ? { http2: await http2Options(ca, proxy) }
      : { fetch: (await import("./node-fetch.js")).createNodeFetch({ isTls: /^https:/i.test(url), proxy, ca }) };
  return createAuthClient({
    baseUrl: url,
    token: token?.value,
    protocol: protocol === "rest" ? (await import("./rest.js")).rest : protocol === "grpc" ? grpc : grpcWeb,
    timeoutMs,
    retry,
    allowInsecure,
    ...http,
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

async function http2Options(ca: string | undefined, proxy: HttpProxy | undefined): Promise<Http2Options> {
  const options = ca === undefined ? {} : { tls: { ca } };
  if (!proxy) return options;
  const { openTunnel } = await import("./tunnel.js");
  const createConnection = ({ protocol, hostname, port }: URL) =>
    openTunnel(proxy, hostname.replace(/^\[|\]$/g, ""), Number(port || (protocol === "https:" ? 443 : 80)));
  return { ...options, createConnection };
}
