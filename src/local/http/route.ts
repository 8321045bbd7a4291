import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { posix } from "node:path";
import { textHeaders } from "../protocol/frames.js";
import { grpc } from "../protocol/grpc.js";
import { grpcWeb, grpcWebPreflight } from "../protocol/grpc-web.js";
import { rest, restPreflight, servingAnswer } from "../protocol/rest.js";
import { serveCall } from "../protocol/serve-call.js";
import { findRpc, type Instance, isHostAllowed } from "../service/instance.js";
import { isPreflight } from "./cors.js";
import { type Answer, ClientLeft, Exchange } from "./exchange.js";
import type { LocalAsset, LocalRequest } from "./local-http.js";
import type { RequestLog } from "./request-log.js";

type Route = [protocol: LocalRequest["protocol"], serve: () => Answer | Promise<void>];

/** Answers one request. */
export function serve(
  instance: Instance,
  log: RequestLog,
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): void {
  const key = request instanceof Http2ServerRequest ? request.stream.session : request.socket;
  const exchange = new Exchange(request, response, log.connection(key ?? request));
  const [protocol, answer] = route(instance, exchange);
  log.add(exchange, protocol);
  Promise.resolve(answer()).then(
    (whole) => whole && exchange.send(whole),
    (error: unknown) => {
      if (!(error instanceof ClientLeft)) {
        // A mistake in this server: the test that met it shall see it, and the others go on.
        exchange.send(plainText(500, `the local ZITADEL failed: ${String(error)}\n`));
      }
    },
  );
}

/** Finds who serves a request. The order is ZITADEL's, and the first match wins. */
function route(instance: Instance, exchange: Exchange): Route {
  const path = decodePath(exchange.target);
  if (path === undefined) return ["other", () => badRequest(exchange)];
  // gorilla/mux sends dot segments and double slashes elsewhere, `%2e%2e` too. They must never reach a path's id.
  const clean = cleanPath(path);
  if (clean !== path) {
    const query = exchange.target.slice(exchange.target.split("?", 1)[0]?.length);
    return ["other", () => moved(encodeURI(clean) + query)];
  }
  if (path.startsWith("/debug")) return ["other", () => debugAnswer(path)];
  const asset = ["GET", "HEAD"].includes(exchange.method) ? instance.assets.get(path) : undefined;
  if (asset !== undefined && isHostAllowed(instance, exchange.host)) {
    return ["other", () => assetAnswer(asset, exchange)];
  }
  if (path === "/") return ["other", () => redirect("/ui/login")];
  const { release } = instance;
  const contentType = exchange.header("content-type") ?? "";
  const isV1 = /^\/(auth|admin|management|system)\/v1\//.test(path);
  if (!isV1 && exchange.method === "POST") {
    if (exchange.isHttp2 && release.grpcContentType.test(contentType)) {
      return ["grpc", () => serveCall(grpc, instance, exchange, path)];
    }
    if (contentType.startsWith("application/grpc-web")) {
      return ["grpc-web", () => serveCall(grpcWeb, instance, exchange, path)];
    }
  }
  if (isPreflight(exchange)) {
    const names = exchange.header("access-control-request-headers")?.toLowerCase() ?? "";
    return names.includes("x-grpc-web") && findRpc(instance, path)
      ? ["grpc-web", () => grpcWebPreflight(exchange, release)]
      : ["rest", () => restPreflight(exchange, release)];
  }
  return path === "/healthz" && exchange.method === "GET"
    ? ["other", () => servingAnswer(exchange, release)]
    : ["rest", () => serveCall(rest, instance, exchange, path)];
}

function decodePath(target: string): string | undefined {
  try {
    return decodeURIComponent(target.split("?")[0] ?? "");
  } catch {
    return undefined;
  }
}

function moved(location: string): Answer {
  const headers = { Location: location, Date: new Date().toUTCString(), "Content-Length": "0" };
  return { status: 301, headers, body: new Uint8Array(), isOfGo: true };
}

function badRequest({ isHttp2 }: Exchange): Answer {
  const headers = { "Content-Type": "text/plain; charset=utf-8", ...(!isHttp2 && { Connection: "close" }) };
  return { status: 400, headers, body: Buffer.from("400 Bad Request"), isOfGo: true };
}

function cleanPath(path: string): string {
  const clean = posix.normalize(`/${path}`);
  return clean.replace(/^\/{2,}/, "/");
}

function debugAnswer(path: string): Answer {
  switch (path) {
    case "/debug/healthz":
      return plainText(200, "ok");
    case "/debug/ready":
    case "/debug/validate":
      return plainText(200, "ok", { "Content-Type": "application/json" });
    default:
      return plainText(404, "404 page not found\n", textHeaders());
  }
}

function plainText(status: number, text: string, more: Record<string, string> = {}): Answer {
  const body = Buffer.from(text);
  const { "X-Content-Type-Options": _, ...headers } = textHeaders();
  return { status, headers: { ...headers, ...more, "Content-Length": String(body.length) }, body };
}

function assetAnswer({ headers, body }: LocalAsset, exchange: Exchange): Answer {
  const made = typeof body === "function" ? body(exchange.headers()) : body;
  if (made === undefined) return plainText(403, "403 Forbidden\n");
  const bytes = Buffer.from(made);
  return { status: 200, headers: { ...headers, "Content-Length": String(bytes.length) }, body: bytes };
}

function redirect(location: string): Answer {
  const body = Buffer.from(`<a href="${location}">Found</a>.\n\n`);
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    Date: new Date().toUTCString(),
    Location: location,
    "Content-Length": String(body.length),
  };
  return { status: 302, headers, body };
}
