import { type DescMessage, fromJson, type Message, toJson } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { corsHeaders, preflightHeaders, restCors } from "../http/cors.js";
import type { Answer, Exchange } from "../http/exchange.js";
import type { Release } from "../release.js";
import { statusJson, zitadelError } from "../service/zitadel-error.js";
import { maxReceiveBytes, replyHeaders } from "./frames.js";
import { type Json, type RestRule, restRules, setField } from "./http-rule.js";
import type { LocalProtocol } from "./serve-call.js";
import { parseTimeout } from "./timeout.js";

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

// The real server's limit is on the message that JSON comes to. This one keeps no body that is endless.
const maxJsonBytes = 4 * maxReceiveBytes;

const quotaCookie = "zitadel.quota.exhausted=; Path=/; Max-Age=0; SameSite=Lax";

/** grpc-gateway, which turns JSON into gRPC by each method's `google.api.http`. */
export const rest: LocalProtocol = {
  async read({ rpcs, release }, exchange, path) {
    const found = rpcs.flatMap((rpc) =>
      restRules(rpc).flatMap((rule) => {
        const values = rule.path.exec(path)?.slice(1);
        return values === undefined ? [] : [{ rpc, rule, values }];
      }),
    );
    const match = found.find(({ rule }) => rule.verb === exchange.method);
    if (match === undefined) {
      return found.length === 0 ? notFound(exchange, release) : methodNotAllowed(exchange, release);
    }
    if (!/^[\x20-\x7e]*$/.test(path)) {
      // ZITADEL hands the path on in metadata, which takes nothing else.
      const text = 'header key "zitadel-activity-path" contains value with non-printable ASCII characters';
      throw zitadelError(Code.Internal, text);
    }
    const { rpc, rule, values } = match;
    const deadline = performance.now() + readTimeout(exchange);
    const json = await readBody(exchange, rule);
    const fromPath = rule.fields.map((field, i): [string, string[]] => [field, [values[i] ?? ""]]);
    const message = readMessage(rpc.input, json, [...(rule.body === "*" ? [] : queryOf(exchange)), ...fromPath]);
    return { rpc, message, deadline, origin: exchange.header("origin") || undefined };
  },
  answer({ release }, exchange, outcome) {
    if ("reply" in outcome) {
      const { rpc, reply } = outcome;
      return gatewayAnswer(release, exchange, 200, toJson(rpc.output, reply.message), replyHeaders(outcome));
    }
    const { error } = outcome;
    const headers = {
      ...replyHeaders(outcome),
      // Not a challenge but the raw text, which UTF-8 carries as it is.
      ...(error.code === Code.Unauthenticated && { "Www-Authenticate": headerText(error.rawMessage) }),
      ...Object.fromEntries(error.metadata),
    };
    return gatewayAnswer(release, exchange, httpStatus[error.code] ?? 500, statusJson(error), headers);
  },
};

/** What is not found anywhere, on any path, is not found here. */
function notFound(exchange: Exchange, release: Release): Answer {
  return gatewayAnswer(release, exchange, 404, { code: Code.NotFound, message: "Not Found" });
}

export function restPreflight(exchange: Exchange, release: Release): Answer {
  const { Vary = "", ...headers } = preflightHeaders(restCors, release, exchange);
  const all = { ...headers, Vary: [Vary, "Cookie"], "Set-Cookie": quotaCookie, Date: new Date().toUTCString() };
  return { status: 204, headers: all, body: new Uint8Array() };
}

function methodNotAllowed(exchange: Exchange, release: Release): Answer {
  return gatewayAnswer(release, exchange, release.wrongMethodStatus, {
    code: Code.Unimplemented,
    message: "Method Not Allowed",
  });
}

function readTimeout(exchange: Exchange): number {
  const header = exchange.header("grpc-timeout");
  const timeout = parseTimeout(header);
  if (timeout === undefined) {
    throw invalid(`invalid grpc-timeout: ${header}`);
  }
  return timeout;
}

/** An empty body will do; the content type is not looked at. */
async function readBody(exchange: Exchange, { body }: RestRule): Promise<Json> {
  const bytes = await exchange.read(() => maxJsonBytes + 1);
  if (bytes.length > maxJsonBytes) {
    const text = `grpc: received message larger than max (${bytes.length} vs. ${maxReceiveBytes})`;
    throw zitadelError(Code.ResourceExhausted, text);
  }
  if (body === "") {
    return {};
  }
  try {
    const json = JSON.parse(Buffer.from(bytes).toString().trim() || "{}");
    return body === "*" ? json : { [body]: json };
  } catch (error) {
    throw invalid(`invalid JSON: ${(error as Error).message}`);
  }
}

function readMessage(input: DescMessage, json: Json, fields: readonly [name: string, values: string[]][]): Message {
  try {
    for (const [name, values] of fields) setField(json, input, name, values);
    return fromJson(input, json, { ignoreUnknownFields: true });
  } catch (error) {
    throw invalid(`invalid JSON: ${(error as Error).message}`);
  }
}

function queryOf(exchange: Exchange): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URL(exchange.target, "http://localhost").searchParams) {
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

function invalid(message: string): ConnectError {
  return zitadelError(Code.InvalidArgument, message);
}

function gatewayAnswer(
  { restExposed }: Release,
  exchange: Exchange,
  status: number,
  json: unknown,
  headers: Record<string, string | string[]> = {},
): Answer {
  const body = Buffer.from(JSON.stringify(json));
  const cors = corsHeaders(restCors, exchange);
  const all: Record<string, string | string[]> = {
    ...headers,
    ...cors,
    ...(cors["Access-Control-Allow-Origin"] && { "Access-Control-Expose-Headers": restExposed }),
    "Content-Type": "application/json",
    Date: new Date().toUTCString(),
    Vary: status < 300 ? ["Origin", "Cookie"] : "Origin",
    ...(status < 300 && { "Set-Cookie": quotaCookie }),
    "Content-Length": String(body.length),
  };
  return { status, headers: all, body };
}

function headerText(text: string): string {
  return Buffer.from(text.replace(/[\r\n]/g, " ")).toString("latin1");
}
