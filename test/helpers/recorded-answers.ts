import { readFileSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import { RevokeMyRefreshTokenRequestSchema as revokeSchema } from "../../gen/zitadel/auth_pb.js";

/** An answer as it came over the wire. */
export interface RecordedAnswer {
  readonly name: string;
  readonly protocol: "grpc" | "grpc-web" | "rest";
  readonly status: number;
  /** Names and values in the order in which they came, a name as often as it came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** A request to a genuine ZITADEL and its answer, without the headers that nobody acts on. */
export interface Recording {
  readonly release: "2.44" | "4";
  /** `list`, `revoke` with an id, `revoke-all`, or a method and a path. */
  readonly call: string;
  /** Which refresh tokens the user had: those that the answer lists, the one to revoke, some, or one that is gone. */
  readonly holds?: "listed" | "revoked" | "some" | "stale";
  readonly request: {
    readonly http2: boolean;
    readonly method: string;
    readonly path: string;
    /** Instead of the server's own. */
    readonly host: string | undefined;
    /** `<TOKEN>` stands for a valid access token. */
    readonly headers: readonly [string, string][];
    readonly body: Buffer | undefined;
  };
  readonly answer: RecordedAnswer;
  /** What it means to a client; absent where the request was no call. */
  readonly means?: Meaning;
}

export interface Meaning {
  readonly tokens?: number;
  /** Name of a code. */
  readonly code?: string;
  readonly message?: string;
  readonly id?: string;
  /** The answer is none of the protocol's: its HTTP status decides. */
  readonly http?: number;
}

/** A line of the fixture, which leaves out what is usual. */
type Row = Pick<Recording, "call" | "holds" | "means"> & {
  name: string;
  protocol?: RecordedAnswer["protocol"];
  http1?: true;
  headers?: Record<string, string | null>;
  /** Text for REST, base64 for the others. */
  body?: string;
  status?: number;
  fields?: Record<string, string>;
  /** Flags and data: text of trailers, base64 of a message. */
  frames?: [number, string][];
  text?: string;
  trailers?: Record<string, string>;
};

const types = { rest: "application/json", grpc: "application/grpc", "grpc-web": "application/grpc-web+proto" };

export function readRecordings(): Recording[] {
  // From build/test/helpers, where this file runs.
  const file = new URL("../../../test/fixtures/zitadel-answers.json", import.meta.url);
  const releases: Record<Recording["release"], Row[]> = JSON.parse(readFileSync(file, "utf8"));
  return (["2.44", "4"] as const).flatMap((release) => releases[release].map((row) => readRow(row, release)));
}

function readRow(row: Row, release: Recording["release"]): Recording {
  const { name, protocol, call, holds, means, status = 200, fields = {}, frames, text = "", trailers } = row;
  const type = protocol && !("content-type" in fields) ? { "content-type": types[protocol] } : {};
  return {
    release,
    call,
    request: requestOf(row),
    ...(holds && { holds }),
    ...(means && { means }),
    answer: {
      name: `${release}: ${call.split(" ")[0]}, ${name}`,
      protocol: protocol ?? "rest",
      status,
      headers: Object.entries({ ...type, ...fields }),
      body: frames ? Buffer.concat(frames.map(([flags, data]) => frame(flags, data))) : Buffer.from(text),
      ...(trailers && { trailers }),
    },
  };
}

function requestOf({ protocol, call, http1, headers = {}, body }: Row): Recording["request"] {
  const { host, ...others } = headers;
  const usual = protocol && { "content-type": types[protocol], authorization: "Bearer <TOKEN>" };
  const own = { ...usual, ...(protocol === "grpc" && { te: "trailers" }), ...others };
  const [method = "", path = ""] = pathOf(call, protocol).split(" ");
  return {
    http2: protocol === "grpc" && !http1,
    method,
    path,
    host: host ?? undefined,
    headers: Object.entries(own).filter((field): field is [string, string] => field[1] !== null),
    body: body === undefined ? bodyOf(call, protocol) : Buffer.from(body, protocol === "rest" ? "utf8" : "base64"),
  };
}

function pathOf(call: string, protocol: Row["protocol"]): string {
  const [verb, id] = call.split(" ");
  const tokens = "/auth/v1/users/me/tokens/refresh/";
  const service = "POST /zitadel.auth.v1.AuthService/";
  if (verb === "list") return protocol === "rest" ? `POST ${tokens}_search` : `${service}ListMyRefreshTokens`;
  if (verb === "revoke") return protocol === "rest" ? `DELETE ${tokens}${id}` : `${service}RevokeMyRefreshToken`;
  if (verb !== "revoke-all") return call;
  return protocol === "rest" ? `POST ${tokens}_revoke_all` : `${service}RevokeAllMyRefreshTokens`;
}

function bodyOf(call: string, protocol: Row["protocol"]): Buffer | undefined {
  const [verb, id = ""] = call.split(" ");
  if (protocol === undefined || (protocol === "rest" && verb === "revoke")) return undefined;
  if (protocol === "rest") return Buffer.from("{}");
  const message = verb === "revoke" ? toBinary(revokeSchema, create(revokeSchema, { id })) : new Uint8Array();
  return frame(0, Buffer.from(message).toString("base64"));
}

function frame(flags: number, data: string): Buffer {
  const bytes = Buffer.from(data, flags & 0x80 ? "utf8" : "base64");
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
