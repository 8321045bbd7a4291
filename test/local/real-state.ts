import { gunzipSync } from "node:zlib";
import { type DescMessage, fromBinary, fromJson, type MessageShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type ListMyRefreshTokensResponse,
  ListMyRefreshTokensResponseSchema,
  RevokeMyRefreshTokenRequestSchema,
  RevokeMyRefreshTokenResponseSchema,
} from "../../gen/zitadel/auth_pb.js";
import type { Fault, LocalRefreshTokenOptions, LocalZitadel, LocalZitadelOptions } from "../../src/testing.js";
import type { RealRecord, RealRequest } from "./real-records.js";
import { sendRaw } from "./send-raw.js";

/** What a local server must hold to answer as the real one did: the rows that its answer shows, or speaks of. */
export function stateOf(record: RealRecord): LocalZitadelOptions {
  const { request, release } = record;
  const list = isList(record) ? read(record, ListMyRefreshTokensResponseSchema) : undefined;
  const revoked = isRevoke(record) ? read(record, RevokeMyRefreshTokenResponseSchema) : undefined;
  const resourceOwner = list?.result[0]?.details?.resourceOwner ?? revoked?.details?.resourceOwner;
  const seenAt = list?.details?.viewTimestamp ?? revoked?.details?.changeDate;
  const org = request.headers.find(([name]) => name.toLowerCase() === "x-zitadel-orgid")?.[1];
  const knowsOrg = org && !/unknown|garbage/.test(record.title);
  return {
    release,
    faults: faultsOf(record),
    users: [
      { resourceOwner, refreshTokens: revoked ? [{ id: revokedId(request) }] : rowsOf(record, list) },
      ...(knowsOrg ? [{ resourceOwner: org }] : []),
    ],
    ...(seenAt && { now: () => new Date(Number(seenAt.seconds) * 1000 + Math.floor(seenAt.nanos / 1e6)) }),
  };
}

/** The request with the access token that was used; the recorder kept only what it was. */
export async function withToken(record: RealRecord, zitadel: LocalZitadel): Promise<RealRequest> {
  const [{ tokens, accessTokens }] = zitadel.users;
  const names: Record<string, string> = {
    "<TOKEN>": tokens.personal,
    "<audToken>": tokens.valid,
    "<plainPat>": tokens.personal,
    "<expiredPat>": tokens.expired,
    "<removedPat>": "of nobody",
    "<noAudToken>": tokens.wrongAudience,
    "<jwtNoAud>": tokens.wrongAudience,
    "<deactivatedUserPat>": tokens.expired,
  };
  if (/^old-2d/.test(record.file) && says(record, "AUTH-7fs1e")) {
    // The access token had been issued with a refresh token that was revoked by then.
    names["<TOKEN>"] = [...accessTokens.values()][0] ?? "";
    const path = "/auth/v1/users/me/tokens/refresh/_revoke_all";
    const headers = Object.entries({ host: "localhost", authorization: `Bearer ${tokens.valid}`, connection: "close" });
    const done = { http2: false, httpVersion: "1.1", method: "POST", path, headers, body: undefined };
    await sendRaw(zitadel.url, { ...done, headers: [...headers, ["content-length", "0"]] });
  }
  const headers = record.request.headers.map(([name, value]) => {
    // Longer than the 1 ms which struck there: this machine may take that long to read the request.
    const isStruck = name.toLowerCase() === "grpc-timeout" && value === "1m";
    return [name, isStruck ? "300m" : value.replace(/<\w+>/, (what) => names[what] ?? what)] as const;
  });
  return { ...record.request, headers };
}

export function isRevoke({ request: { method, path } }: RealRecord): boolean {
  return path.endsWith("/RevokeMyRefreshToken") || (method === "DELETE" && /\/refresh\/[^_]/.test(path));
}

function isList({ request: { path } }: RealRecord): boolean {
  return /\/ListMyRefreshTokens|\/(_|%5F)search/.test(path);
}

function rowsOf(record: RealRecord, list: ListMyRefreshTokensResponse | undefined): LocalRefreshTokenOptions[] {
  if (/_revoke_all|RevokeAllMyRefreshTokens/.test(record.request.path)) {
    return says(record, "COMMAND-Gfj42") ? [] : [{ stale: says(record, "COMMAND-BHt2w") }];
  }
  if (/^old-2d/.test(record.file) && says(record, "AUTH-7fs1e")) {
    return [{}];
  }
  return (list?.result ?? []).map(({ id, clientId, details, authTime, idleExpiration, expiration, ...token }) => ({
    id,
    clientId,
    resourceOwner: details?.resourceOwner ?? "",
    sequence: details?.sequence ?? 0n,
    creationDate: timeOf(details?.creationDate),
    changeDate: timeOf(details?.changeDate),
    authTime: timeOf(authTime),
    idleExpiration: timeOf(idleExpiration),
    expiration: timeOf(expiration),
    scopes: token.scopes,
    audience: token.audience,
  }));
}

/** A deadline of 1 ms struck in the middle of authorization; over REST the gateway's own was first. */
function faultsOf({ title, request }: RealRecord): Fault[] {
  const isRest = request.path.startsWith("/auth/v1");
  const during = isRest ? undefined : "authorization";
  return /timeout: 1m/i.test(title) ? [{ kind: "delay", ms: 60_000, during }] : [];
}

function timeOf(time: Timestamp | undefined): string | null {
  if (time === undefined) return null;
  const seconds = new Date(Number(time.seconds) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(time.nanos).padStart(9, "0")}Z`;
}

function revokedId({ method, path, body }: RealRequest): string {
  return method === "DELETE"
    ? (path.split("/").at(-1) ?? "")
    : fromBinary(RevokeMyRefreshTokenRequestSchema, Buffer.from(body ?? []).subarray(5)).id;
}

/** Whether the answer holds a text, in its body or in its trailers. */
function says({ answer }: RealRecord, text: string): boolean {
  return Buffer.from(answer.body).includes(text) || Object.values(answer.trailers).join().includes(text);
}

/** The message of a success, if the recorder kept all of it. */
function read<M extends DescMessage>({ answer }: RealRecord, schema: M): MessageShape<M> | undefined {
  const { status, headers } = answer;
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const body = Buffer.from(answer.body);
  if (status !== 200 || body.length === 0 || answer.isCut) return undefined;
  if (type === "application/json") return fromJson(schema, JSON.parse(body.toString()));
  const [first = ""] = type.includes("-text") ? (body.toString().match(/[^=]+=*/) ?? []) : [];
  const frame = first ? Buffer.from(first, "base64") : body;
  if ((frame[0] ?? 0x80) > 1) return undefined;
  const data = frame.subarray(5, 5 + frame.readUInt32BE(1));
  return fromBinary(schema, frame[0] === 1 ? gunzipSync(data) : data);
}
