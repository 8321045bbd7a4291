import {
  type DescMessage,
  type DescMethod,
  fromJson,
  getOption,
  hasOption,
  type JsonValue,
  type Message,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { http } from "../../gen/google/api/annotations_pb.js";
import { type LocalProtocol, parseTimeout } from "./call.js";
import { corsHeaders, preflightHeaders, restCors } from "./cors.js";
import type { Answer, Exchange } from "./exchange.js";
import type { Release } from "./release.js";
import type { Rpc } from "./rpcs.js";
import { maxReceiveBytes, replyHeaders } from "./wire.js";
import { statusJson, zitadelError } from "./zitadel-error.js";

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
    const found = rpcs.flatMap((rpc) => {
      const rule = restRule(rpc);
      const values = rule?.path.exec(path)?.slice(1);
      return rule && values ? [{ rpc, rule, values }] : [];
    });
    const match = found.find(({ rule }) => rule.verb === exchange.method);
    if (match === undefined) {
      const [status, code, message] =
        found.length === 0
          ? [404, Code.NotFound, "Not Found"]
          : [release.wrongMethodStatus, Code.Unimplemented, "Method Not Allowed"];
      return gatewayAnswer(release, exchange, { status, json: { code, message } });
    }
    if (!/^[\x20-\x7e]*$/.test(path)) {
      // ZITADEL hands the path on in metadata, which takes nothing else.
      const text = 'header key "zitadel-activity-path" contains value with non-printable ASCII characters';
      throw zitadelError(Code.Internal, text);
    }
    const { rpc, rule, values } = match;
    const header = exchange.header("grpc-timeout");
    const timeout = parseTimeout(header);
    if (timeout === undefined) throw invalid(`invalid grpc-timeout: ${header}`);
    const deadline = performance.now() + timeout;
    const json = await readBody(exchange, rule);
    const fromPath = rule.fields.map((field, i): [string, string[]] => [field, [values[i] ?? ""]]);
    const message = readMessage(rpc.input, json, [...(rule.body === "*" ? [] : queryOf(exchange)), ...fromPath]);
    return { rpc, message, deadline, origin: exchange.header("origin") || undefined };
  },
  answer({ release }, exchange, outcome) {
    if ("reply" in outcome) {
      const { rpc, reply } = outcome;
      const json = toJson(rpc.output, reply.message);
      return gatewayAnswer(release, exchange, { status: 200, json, headers: replyHeaders(outcome) });
    }
    const { error } = outcome;
    const headers = {
      ...replyHeaders(outcome),
      // Not a challenge but the raw text, which UTF-8 carries as it is.
      ...(error.code === Code.Unauthenticated && { "Www-Authenticate": headerText(error.rawMessage) }),
      ...Object.fromEntries(error.metadata),
    };
    const status = httpStatus[error.code] ?? 500;
    return gatewayAnswer(release, exchange, { status, json: statusJson(error), headers });
  },
};

export function restPreflight(exchange: Exchange, release: Release): Answer {
  const { Vary = "", ...headers } = preflightHeaders(restCors, release, exchange);
  const all = { ...headers, Vary: [Vary, "Cookie"], "Set-Cookie": quotaCookie, Date: new Date().toUTCString() };
  return { status: 204, headers: all, body: new Uint8Array() };
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

interface GatewayAnswer {
  readonly status: number;
  readonly json: unknown;
  readonly headers?: Record<string, string | string[]>;
}

function gatewayAnswer({ restExposed }: Release, exchange: Exchange, answer: GatewayAnswer): Answer {
  const { status, json, headers } = answer;
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

type Json = { [name: string]: JsonValue };

/** How REST reaches a method. */
interface RestRule {
  readonly verb: string;
  /** Matches a decoded path, and captures the fields that are in it. */
  readonly path: RegExp;
  readonly fields: readonly string[];
  /** `*` for a body that is the whole message, a field that the body is, or empty. */
  readonly body: string;
}

const rules = new WeakMap<Rpc, RestRule | undefined>();

/** The rule of a method by its `google.api.http`, whoever generated it; undefined where it has no such option. */
function restRule(rpc: Rpc): RestRule | undefined {
  if (!rules.has(rpc)) rules.set(rpc, readRule(rpc.method));
  return rules.get(rpc);
}

function readRule(method: DescMethod): RestRule | undefined {
  // An option is known by its number, so that another package's copy of the definitions does as well as ours.
  if (!hasOption(method, http)) return undefined;
  const { pattern, body } = getOption(method, http);
  const template = typeof pattern.value === "string" ? pattern.value : "";
  // Text and names of fields by turns. grpc-gateway takes an empty value too.
  const parts = template.split(/\{([\w.]+)\}/);
  const source = parts.map((part, i) => (i % 2 ? "([^/]*)" : part.replace(/[.+?^$()|[\]\\{}*]/g, "\\$&"))).join("");
  return {
    verb: (pattern.case ?? "").toUpperCase(),
    path: new RegExp(`^${prefixOf(method.parent.typeName)}${source}$`, "s"),
    fields: parts.filter((_, i) => i % 2),
    body,
  };
}

// ZITADEL mounts each of its v1 services at a path that the annotations leave out: zitadel.auth.v1 at /auth/v1.
function prefixOf(service: string): string {
  const name = /^zitadel\.(\w+)\.v1\.\w+$/.exec(service)?.[1];
  return name === undefined ? "" : `/${name}/v1`;
}

/** Sets the field of a path such as `user.id` to what stood in the URL. What the message does not have is left out. */
function setField(json: Json, message: DescMessage, path: string, values: readonly string[]): void {
  const [name = "", ...rest] = path.split(".");
  const field = message.fields.find((each) => each.name === name || each.jsonName === name);
  if (field === undefined) return;
  if (rest.length > 0) {
    if (field.fieldKind === "message") {
      const inner = (json[field.name] ?? json[field.jsonName] ?? {}) as Json;
      json[field.name] = inner;
      setField(inner, field.message, rest.join("."), values);
    }
    return;
  }
  delete json[field.jsonName];
  // JSON takes numbers as text, but no booleans.
  const read = values.map((text) => (field.scalar === ScalarType.BOOL ? text === "true" || text === "1" : text));
  json[field.name] = field.fieldKind === "list" ? read : (read.at(-1) ?? null);
}
