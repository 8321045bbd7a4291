import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { posix } from "node:path";
import { grpc, plainTextHeaders, serveGrpc } from "../protocol/grpc.js";
import { grpcWeb, grpcWebPreflight } from "../protocol/grpc-web.js";
import { notFound, restPreflight, serveRest, servingReply } from "../protocol/rest.js";
import type { Instance } from "../service/instance.js";
import { findRpc } from "../service/rpcs.js";
import { isPreflight } from "./cors.js";
import { ClientLeft, Exchange, type Reply } from "./exchange.js";
import type { LocalRequest } from "./local-request.js";
import type { RequestLog } from "./request-log.js";

type Route = [protocol: LocalRequest["protocol"], answer: () => Reply | Promise<void>];

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
    (reply) => reply && exchange.send(reply),
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
  if (path === undefined) {
    return ["other", () => plainText(400, "400 Bad Request")];
  }
  // gorilla/mux sends dot segments and double slashes elsewhere, `%2e%2e` too. They must never reach a path's id.
  const clean = cleanPath(path);
  if (clean !== path) {
    const query = exchange.target.slice(exchange.target.split("?", 1)[0]?.length);
    return ["other", () => moved(encodeURI(clean) + query)];
  }
  if (path.startsWith("/debug")) {
    return ["other", () => (path === "/debug/healthz" ? plainText(200, "ok") : plainText(404, "404 page not found\n"))];
  }
  if (path === "/") {
    return ["other", () => redirect("/ui/login")];
  }
  if (path.startsWith("/auth/v1/")) {
    return ["rest", () => serveRest(instance, exchange, path.slice("/auth/v1".length))];
  }
  const contentType = exchange.header("content-type") ?? "";
  if (exchange.isHttp2 && exchange.method === "POST" && /^application\/grpc(\+proto|\+json)?$/.test(contentType)) {
    return ["grpc", () => serveGrpc(grpc, instance, exchange, path)];
  }
  if (exchange.method === "POST" && contentType.startsWith("application/grpc-web")) {
    return ["grpc-web", () => serveGrpc(grpcWeb, instance, exchange, path)];
  }
  if (isPreflight(exchange)) {
    const names = exchange.header("access-control-request-headers")?.toLowerCase() ?? "";
    return names.includes("x-grpc-web") && findRpc(path)
      ? ["grpc-web", () => grpcWebPreflight(exchange)]
      : ["rest", () => restPreflight(exchange)];
  }
  return path === "/healthz" && exchange.method === "GET"
    ? ["other", () => servingReply(exchange)]
    : ["rest", () => notFound(exchange)];
}

function decodePath(target: string): string | undefined {
  try {
    return decodeURIComponent(target.split("?")[0] ?? "");
  } catch {
    return undefined;
  }
}

function moved(location: string): Reply {
  const headers = { Location: location, Date: new Date().toUTCString(), "Content-Length": "0" };
  return { status: 301, headers, body: new Uint8Array() };
}

function cleanPath(path: string): string {
  const clean = posix.normalize(`/${path}`);
  return clean.replace(/^\/{2,}/, "/");
}

function plainText(status: number, text: string): Reply {
  const body = Buffer.from(text);
  const { "X-Content-Type-Options": _, ...headers } = plainTextHeaders();
  return { status, headers: { ...headers, "Content-Length": String(body.length) }, body };
}

function redirect(location: string): Reply {
  const body = Buffer.from(`<a href="${location}">Found</a>.\n\n`);
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    Date: new Date().toUTCString(),
    Location: location,
    "Content-Length": String(body.length),
  };
  return { status: 302, headers, body };
}
