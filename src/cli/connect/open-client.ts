import { type AuthClient, Code, createAuthClient, grpc, grpcWeb, type Http2Options, rest } from "../../node.js";
import type { Settings } from "../input/settings.js";
import type { Route } from "./agent.js";
import { type HttpProxy, proxyFor } from "./proxy.js";
import { lazyTunnel } from "./tunnel.js";

const protocols = { grpc, "grpc-web": grpcWeb, rest };

/** Makes the client that the settings describe, which repeats failed calls unless `retry` says no. */
export function openClient(
  { url, token, protocol, timeoutMs, ca, headers, allowInsecure, verbose }: Settings,
  retry?: false,
): AuthClient {
  const isTls = /^https:/i.test(url);
  const proxy = proxyFor(url);
  return createAuthClient({
    baseUrl: url,
    token: token?.value,
    protocol: protocols[protocol],
    timeoutMs,
    retry,
    allowInsecure,
    ...(protocol === "grpc" ? { http2: http2Options(ca, proxy) } : { fetch: lateFetch({ isTls, proxy, ca }) }),
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

function http2Options(ca: string | undefined, proxy: HttpProxy | undefined): Http2Options {
  return {
    tls: { ca },
    createConnection:
      proxy &&
      (({ protocol, hostname, port }) =>
        lazyTunnel(proxy, hostname.replace(/^\[|\]$/g, ""), Number(port || (protocol === "https:" ? 443 : 80)))),
  };
}

function lateFetch(route: Route): typeof fetch {
  // Loaded when it is called: few need it, and all wait for what is loaded at once.
  let made: Promise<typeof fetch> | undefined;
  return async (url, init) => {
    made ??= import("./node-fetch.js").then(({ createNodeFetch }) => createNodeFetch(route));
    return (await made)(url, init);
  };
}
