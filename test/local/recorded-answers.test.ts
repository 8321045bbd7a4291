import { gunzipSync } from "node:zlib";
import { type DescMessage, fromBinary, fromJson, type MessageShape, toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { ListMyRefreshTokensResponseSchema, RevokeMyRefreshTokenResponseSchema } from "../../gen/zitadel/auth_pb.js";
import type { LocalRefreshTokenOptions, LocalZitadelOptions } from "../../src/testing.js";
import { type Recording, readRecordings } from "../helpers/recorded-answers.js";
import { start } from "./start-local.js";
import { sendHttp1, sendHttp2, type WireAnswer } from "./wire-request.js";

describe("the local ZITADEL answers as a genuine one did", () => {
  for (const recording of readRecordings()) {
    const { request, answer } = recording;
    test(`${answer.protocol}, ${answer.name}`, async () => {
      const zitadel = await start(stateOf(recording));
      const token = zitadel.users[0].tokens.personal;
      const { host, headers, ...rest } = request;
      const own = headers.map(([name, value]) => [name, value.replace("<TOKEN>", token)] as const);
      const seen = request.http2
        ? await sendHttp2(zitadel.url, { ...rest, authority: host, headers: own })
        : await sendHttp1(zitadel.url, { ...rest, headers: [...own, ...(host ? [["host", host] as const] : [])] });
      const named = new Set(answer.headers.map(([name]) => name));
      const recorded = { ...answer, trailers: answer.trailers ?? {} };
      expect(comparable(seen, named, recording.call)).toEqual(comparable(recorded, named, recording.call));
    });
  }
});

/** What the local server must hold to answer alike. */
function stateOf({ release, call, holds, answer }: Recording): LocalZitadelOptions {
  const list = holds === "listed" ? messageOf(answer, ListMyRefreshTokensResponseSchema) : undefined;
  const revoked = holds === "revoked" ? messageOf(answer, RevokeMyRefreshTokenResponseSchema).details : undefined;
  const rows: Record<NonNullable<typeof holds>, LocalRefreshTokenOptions[]> = {
    listed: (list?.result ?? []).map(({ details, authTime, idleExpiration, expiration, ...token }) => ({
      ...token,
      resourceOwner: details?.resourceOwner ?? "",
      sequence: details?.sequence ?? 0n,
      creationDate: timeOf(details?.creationDate),
      changeDate: timeOf(details?.changeDate),
      authTime: timeOf(authTime),
      idleExpiration: timeOf(idleExpiration),
      expiration: timeOf(expiration),
    })),
    revoked: [{ id: call.split(" ")[1] ?? "" }],
    some: [{}],
    stale: [{ stale: true }],
  };
  const resourceOwner = list?.result[0]?.details?.resourceOwner ?? revoked?.resourceOwner;
  return {
    release,
    users: [{ refreshTokens: holds ? rows[holds] : [], ...(resourceOwner && { resourceOwner }) }],
  };
}

/** A time to the nanosecond. */
function timeOf(time: Timestamp | undefined): string | null {
  return time
    ? `${timestampDate({ ...time, nanos: 0 })
        .toISOString()
        .slice(0, 19)}.${String(time.nanos).padStart(9, "0")}Z`
    : null;
}

function messageOf<M extends DescMessage>({ protocol, body }: Recording["answer"], schema: M): MessageShape<M> {
  if (protocol === "rest") return fromJson(schema, JSON.parse(body.toString()));
  return fromBinary(schema, body.subarray(5, 5 + body.readUInt32BE(1)));
}

/** An answer by its meaning: JSON and messages by value, of the headers those that were recorded. */
function comparable({ status, headers, body, trailers }: WireAnswer, named: ReadonlySet<string>, call: string): object {
  const fields: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!named.has(lower)) continue;
    // Of those that a page may read, those of calls; which else there are depends on the answer.
    const isExposed = lower === "access-control-expose-headers";
    const values = value
      .toLowerCase()
      .split(/, */)
      .filter((each) => !isExposed || exposed.includes(each));
    fields[lower] = [...new Set([...(fields[lower] ?? []), ...values])].sort();
  }
  return {
    status,
    fields,
    trailers: { ...trailers },
    body: readBody(body, String(fields["content-type"]), status, call),
  };
}

const exposed = ["grpc-status", "grpc-message", "grpc-status-details-bin", "location", "content-length"];

function readBody(body: Buffer, type: string, status: number, call: string): unknown {
  if (type === "application/json" && body.length > 0) return unordered(JSON.parse(body.toString()));
  // Words for people.
  if (type.startsWith("text/plain")) return "text";
  if (status !== 200 || !type.startsWith("application/grpc")) return body.toString();
  const frames: unknown[] = [];
  for (let rest = body; rest.length > 0; ) {
    const flags = rest[0] ?? 0;
    const data = rest.subarray(5, 5 + rest.readUInt32BE(1));
    const schema = call.startsWith("revoke ") ? RevokeMyRefreshTokenResponseSchema : ListMyRefreshTokensResponseSchema;
    const message = () => unordered(toJson(schema, fromBinary(schema, flags & 1 ? gunzipSync(data) : data)));
    frames.push([flags, flags & 0x80 ? data.toString() : message()]);
    rest = rest.subarray(5 + data.length);
  }
  return frames;
}

/** ZITADEL promises no order of tokens; the numbers of its events, and when a call was, are its own. */
function unordered(json: unknown): unknown {
  const text = JSON.stringify(json, function (this: Record<string, unknown>, key, value) {
    // Of a revoke; a token has both.
    if (key === "changeDate" && !this.creationDate) return "some changeDate";
    if (key === "result") return value.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1));
    return ["processedSequence", "sequence", "viewTimestamp"].includes(key) ? `some ${key}` : value;
  });
  return JSON.parse(text);
}
