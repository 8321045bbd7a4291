import { create, fromJson } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import type { ListMyRefreshTokensResponse } from "../../../gen/zitadel/auth_pb.js";
import { ListMyRefreshTokensResponseSchema } from "../../../gen/zitadel/auth_pb.js";
import { type ObjectDetails, ObjectDetailsSchema } from "../../../gen/zitadel/object_pb.js";
import { type RefreshToken, RefreshTokenSchema } from "../../../gen/zitadel/user_pb.js";
import type { Journal } from "./journal.js";
import { translate } from "./translate.js";
import type { LocalRefreshTokenOptions } from "./user.js";
import { zitadelError } from "./zitadel-error.js";

interface Row {
  readonly token: RefreshToken;
  readonly stale: boolean;
  /** Until when lists still hold it, in ms since 1970; absent as long as it is not revoked. */
  goneAt?: number;
}

const dayMs = 86_400_000;

/** ZITADEL's `Auth.SearchLimit`. */
const listLimit = 1000;

/** The refresh tokens of one user. */
export class RefreshTokenStore {
  readonly #rows: Row[] = [];

  constructor(
    readonly resourceOwner: string,
    readonly journal: Journal,
    tokens: readonly LocalRefreshTokenOptions[],
    firstId: bigint,
  ) {
    const keys = new Map<string, number>();
    tokens.forEach((options, index) => {
      const token = this.#token(options, firstId + BigInt(index), index);
      const key = JSON.stringify([token.clientId, options.userAgentId ?? index]);
      const place = keys.get(key) ?? keys.size;
      keys.set(key, place);
      this.#rows[place] = { token, stale: options.stale ?? false };
    });
  }

  /** Those that can be revoked, in order of creation. */
  get live(): RefreshToken[] {
    return this.#rows.filter(isLive).map((row) => row.token);
  }

  /** What the list shows: no expiry is looked at, the order says nothing, the total counts what the limit cuts off. */
  list(): ListMyRefreshTokensResponse {
    const listed = this.#listed().map((row) => row.token);
    listed.sort((a, b) => scatter(a.id) - scatter(b.id));
    return create(ListMyRefreshTokensResponseSchema, {
      details: this.journal.listDetails(listed.length),
      result: listed.slice(0, listLimit),
    });
  }

  revoke(id: string, language: string, lagMs: number): ObjectDetails {
    const row = this.#rows.find((row) => row.token.id === id && isLive(row));
    if (row === undefined) {
      throw notFound(language);
    }
    return this.#remove(row, lagMs);
  }

  /** Works on what the list holds, which is why one row that is behind makes all of it fail. */
  revokeAll(language: string, lagMs: number): void {
    const rows = this.#listed();
    if (rows.length === 0) {
      throw zitadelError(Code.InvalidArgument, translate("Errors.IDMissing", language), "COMMAND-Gfj42");
    }
    if (!rows.every(isLive)) {
      throw notFound(language);
    }
    for (const row of rows) {
      this.#remove(row, lagMs);
    }
  }

  #listed(): Row[] {
    const now = this.journal.now().getTime();
    return this.#rows.filter((row) => row.goneAt === undefined || row.goneAt > now);
  }

  #remove(row: Row, lagMs: number): ObjectDetails {
    const event = this.journal.record(lagMs);
    row.goneAt = event.visibleAt;
    return create(ObjectDetailsSchema, {
      sequence: event.sequence,
      changeDate: timestampFromDate(event.at),
      resourceOwner: this.resourceOwner,
    });
  }

  #token(options: LocalRefreshTokenOptions, id: bigint, index: number): RefreshToken {
    const authTime = timestamp(options.authTime ?? new Date(this.journal.now().getTime() - 3_600_000));
    const creationDate = options.creationDate === undefined ? authTime : timestamp(options.creationDate);
    const changeDate = options.changeDate === undefined ? creationDate : timestamp(options.changeDate);
    const clientId = options.clientId ?? "320010000000000011@portal";
    return create(RefreshTokenSchema, {
      id: options.id ?? String(id),
      details: {
        sequence: BigInt(options.sequence ?? 100 + index),
        creationDate,
        changeDate,
        resourceOwner: this.resourceOwner,
      },
      clientId,
      authTime,
      idleExpiration: timestamp(options.idleExpiration ?? later(changeDate, 30)),
      expiration: timestamp(options.expiration ?? later(creationDate, 90)),
      scopes: [...(options.scopes ?? ["openid", "profile", "email", "offline_access"])],
      audience: [...(options.audience ?? [clientId, "320010000000000001"])],
    });
  }
}

function isLive(row: Row): boolean {
  return !row.stale && row.goneAt === undefined;
}

function notFound(language: string): ConnectError {
  return zitadelError(Code.NotFound, translate("Errors.User.RefreshToken.NotFound", language), "COMMAND-BHt2w");
}

function timestamp(time: Date | string): Timestamp {
  return typeof time === "string" ? fromJson(TimestampSchema, time) : timestampFromDate(time);
}

function later(time: Timestamp, days: number): Date {
  return new Date(timestampDate(time).getTime() + days * dayMs);
}

/** FNV-1a: an order that is always the same, and follows neither age nor id. */
function scatter(id: string): number {
  let hash = 0x811c9dc5;
  for (const char of id) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}
