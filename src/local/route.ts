import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { serveCall } from "./call.js";
import { isPreflight } from "./cors.js";
import { type Answer, ClientGone, Exchange, textAnswer } from "./exchange.js";
import { findRpc, type Instance, isHostAllowed } from "./instance.js";
import { findEndpoint } from "./openid.js";
import type { LocalAsset, LocalRequest } from "./public.js";
import { rest, restPreflight } from "./rest.js";
import { grpc, grpcWeb, grpcWebPreflight } from "./wire.js";

type Route = [protocol: LocalRequest["protocol"], serve: () => Answer | Promise<void>];

/** Answers one request. */
export function serve(
  instance: Instance,
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): void {
  const key = request instanceof Http2ServerRequest ? request.stream.session : request.socket;
  const exchange = new Exchange(request, response, instance.log.connection(key ?? request));
  const [protocol, answer] = route(instance, exchange);
  instance.log.add(exchange, protocol);
  Promise.resolve(answer()).then(
    (whole) => whole && exchange.send(whole),
    (error: unknown) => {
      if (!(error instanceof ClientGone)) {
        // A mistake in this server: the test that met it shall see it, and the others go on.
        exchange.send(textAnswer(500, `the local ZITADEL failed: ${String(error)}\n`));
      }
    },
  );
}

/** Finds who serves a request. The order is ZITADEL's, and the first match wins. */
function route(instance: Instance, exchange: Exchange): Route {
  const path = decodePath(exchange.target);
  if (path === undefined) return ["other", () => textAnswer(400, "400 Bad Request")];
  if (path === "/debug/healthz") return ["other", () => textAnswer(200, "ok")];
  const asset = ["GET", "HEAD"].includes(exchange.method) ? instance.assets.get(path) : undefined;
  if (asset !== undefined && isHostAllowed(instance, exchange.host)) {
    return ["other", () => assetAnswer(asset, exchange)];
  }
  const endpoint = findEndpoint(instance, exchange, path);
  if (endpoint !== undefined) return ["other", endpoint];
  if (path === "/") return ["other", () => redirect("/ui/login")];
  const { release } = instance;
  const contentType = exchange.header("content-type") ?? "";
  const isV1 = /^\/(auth|admin|management|system)\/v1\//.test(path);
  if (!isV1 && exchange.method === "POST") {
    if (exchange.isHttp2 && release.grpcContentType.test(contentType)) {
      return ["grpc", () => serveCall(grpc, instance, exchange, path)];
    }
    if (/^application\/grpc-web([+;]|$)/.test(contentType)) {
      return ["grpc-web", () => serveCall(grpcWeb, instance, exchange, path)];
    }
  }
  if (isPreflight(exchange)) {
    const names = exchange.header("access-control-request-headers")?.toLowerCase() ?? "";
    return names.includes("x-grpc-web") && findRpc(instance, path)
      ? ["grpc-web", () => grpcWebPreflight(exchange, release)]
      : ["rest", () => restPreflight(exchange, release)];
  }
  return ["rest", () => serveCall(rest, instance, exchange, path)];
}

function decodePath(target: string): string | undefined {
  try {
    return decodeURIComponent(target.split("?")[0] ?? "");
  } catch {
    return undefined;
  }
}

function assetAnswer({ headers, body }: LocalAsset, exchange: Exchange): Answer {
  const made = typeof body === "function" ? body(exchange.headers()) : body;
  if (made === undefined) return textAnswer(403, "403 Forbidden\n");
  const bytes = Buffer.from(made);
  return { status: 200, headers: { ...headers, "Content-Length": String(bytes.length) }, body: bytes };
}

function redirect(location: string): Answer {
  return { status: 302, headers: { Location: location, "Content-Length": "0" }, body: new Uint8Array() };
}
