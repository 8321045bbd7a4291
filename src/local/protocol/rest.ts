import { Code } from "@connectrpc/connect";
import { corsHeaders, isPreflight, preflightHeaders, restCors } from "../http/cors.js";
import type { Exchange, Reply } from "../http/exchange.js";
import type { Instance } from "../service/instance.js";
import type { Rpc, Run } from "../service/rpc.js";
import { RpcError, statusJson } from "../service/rpc-error.js";
import { rpcs } from "../service/rpcs.js";
import { type Outcome, settle } from "../service/settle.js";
import { maxReceiveBytes } from "./frames.js";
import { parseGoJson } from "./go-json.js";
import { parseGatewayTimeout } from "./timeout.js";

const httpStatus: Record<Code, number> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

const quotaCookie = "zitadel.quota.exhausted=; Path=/; Max-Age=0; SameSite=Lax";

/** Serves a path under `/auth/v1`, without that prefix. */
export async function serveRest(instance: Instance, exchange: Exchange, path: string): Promise<void> {
  if (isPreflight(exchange)) {
    exchange.send(restPreflight(exchange));
    return;
  }
  const found = rpcs.flatMap((rpc) => {
    const fields = matchPath(rpc.http?.path ?? "", path);
    return fields === undefined ? [] : [{ rpc, fields }];
  });
  const match = found.find(({ rpc }) => rpc.http?.method === exchange.method);
  if (match === undefined) {
    exchange.send(found.length === 0 ? notFound(exchange) : methodNotAllowed(exchange));
    return;
  }
  const { rpc, fields } = match;
  try {
    const deadline = performance.now() + readTimeout(exchange);
    const run = await readRequest(exchange, rpc, fields);
    const reply = (outcome: Outcome): Reply => restReply(exchange, outcome);
    await settle(instance, exchange, { rpc, run, deadline, origin: exchange.header("origin"), reply });
  } catch (error) {
    if (!(error instanceof RpcError)) {
      throw error;
    }
    exchange.send(restReply(exchange, { error, early: true }));
  }
}

/** What is not found anywhere, on any path, is not found here. */
export function notFound(exchange: Exchange): Reply {
  return gatewayReply(exchange, 404, { code: Code.NotFound, message: "Not Found" });
}

/** `/healthz`, outside of any service. */
export function servingReply(exchange: Exchange): Reply {
  return gatewayReply(exchange, 200, { status: "SERVING" });
}

export function restPreflight(exchange: Exchange): Reply {
  const { Vary = "", ...headers } = preflightHeaders(restCors, exchange);
  const all = { ...headers, Vary: [Vary, "Cookie"], "Set-Cookie": quotaCookie, Date: new Date().toUTCString() };
  return { status: 204, headers: all, body: new Uint8Array() };
}

function methodNotAllowed(exchange: Exchange): Reply {
  return gatewayReply(exchange, 405, { code: Code.Unimplemented, message: "Method Not Allowed" });
}

/** Matches a path against a template, and gives the fields that are in it. */
function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) {
    return undefined;
  }
  const fields: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const value = given[i] ?? "";
    if (segment.startsWith("{")) {
      fields[segment.slice(1, -1)] = value;
    } else if (segment !== value) {
      return undefined;
    }
  }
  return fields;
}

function readTimeout(exchange: Exchange): number {
  const header = exchange.header("grpc-timeout");
  const timeout = header === undefined ? Infinity : parseGatewayTimeout(header);
  if (timeout === undefined) {
    throw new RpcError(Code.InvalidArgument, `invalid grpc-timeout: ${header}`);
  }
  return timeout;
}

/** An empty body will do, and unknown fields are passed over; the content type is not looked at. */
async function readRequest(exchange: Exchange, rpc: Rpc, fields: Record<string, string>): Promise<Run> {
  const body = await exchange.read(() => maxReceiveBytes + 1);
  if (body.length > maxReceiveBytes) {
    const text = `grpc: received message larger than max (${body.length} vs. ${maxReceiveBytes})`;
    throw new RpcError(Code.ResourceExhausted, text);
  }
  const usesBody = exchange.method === "POST";
  const json = usesBody ? parseGoJson(Buffer.from(body).toString()) : {};
  return rpc.fromJson({ ...json, ...fields });
}

function restReply(exchange: Exchange, outcome: Outcome): Reply {
  if ("answer" in outcome) {
    return gatewayReply(exchange, 200, outcome.answer.json(), metadataHeaders(outcome));
  }
  const { error, early } = outcome;
  const headers = {
    ...(early ? {} : metadataHeaders(outcome)),
    // Not a challenge but the raw text, which UTF-8 carries as it is.
    ...(error.code === Code.Unauthenticated && { "Www-Authenticate": headerText(error.message) }),
  };
  return gatewayReply(exchange, httpStatus[error.code] ?? 500, statusJson(error), headers);
}

function metadataHeaders(outcome: Outcome): Record<string, string> {
  return {
    "Cache-Control": "no-store",
    Expires: new Date().toUTCString(),
    "Grpcgateway-Cache-Control": "no-store",
    "Grpcgateway-Content-Type": "application/grpc",
    "Grpcgateway-Pragma": "no-cache",
    Pragma: "no-cache",
    ...(outcome.requestId && { "X-Request-Id": outcome.requestId }),
  };
}

function gatewayReply(
  exchange: Exchange,
  status: number,
  json: unknown,
  headers: Record<string, string | string[]> = {},
): Reply {
  const body = Buffer.from(JSON.stringify(json));
  const cors = corsHeaders(restCors, exchange);
  const exposed = "Location, Content-Length, Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin";
  // Whoever takes trailers gets a body without a length, to leave room for them.
  const takesTrailers = exchange.header("te")?.includes("trailers") ?? false;
  const all: Record<string, string | string[]> = {
    ...headers,
    ...cors,
    ...(cors["Access-Control-Allow-Origin"] && { "Access-Control-Expose-Headers": exposed }),
    "Content-Type": "application/json",
    Date: new Date().toUTCString(),
    Vary: status < 300 ? ["Origin", "Cookie"] : "Origin",
    ...(status < 300 && { "Set-Cookie": quotaCookie }),
    ...(!takesTrailers && { "Content-Length": String(body.length) }),
  };
  return { status, headers: all, body };
}

function headerText(text: string): string {
  return Buffer.from(text.replace(/[\r\n]/g, " ")).toString("latin1");
}
