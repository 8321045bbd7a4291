import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { type ListMyRefreshTokensResponse, ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import { type ObjectDetails, ObjectDetailsSchema } from "../../gen/zitadel/object_pb.js";
import { type RefreshToken, RefreshTokenSchema } from "../../gen/zitadel/user_pb.js";
import type { LocalRefreshTokenOptions } from "./public.js";
import { type IssuedToken, type Journal, opaqueToken, scatter, timestamp } from "./store.js";
import { zitadelError } from "./zitadel-error.js";

interface Row {
  readonly token: RefreshToken;
  readonly accessToken: string;
  readonly agentId: string;
  /** Cannot be revoked, although it is listed. */
  stale: boolean;
  /** Not listed, although it can be revoked: its app has a later one on the same device. */
  readonly replaced: boolean;
  /** Until when lists still hold it, in ms since 1970; absent as long as it is not revoked. */
  goneAt?: number;
}

type TokenOptions = LocalRefreshTokenOptions & { readonly clientId: string };

const dayMs = 86_400_000;

/** Go's, where a row has no time. */
const zeroTime = "0001-01-01T00:00:00Z";

/** ZITADEL's `Auth.SearchLimit`. */
const listLimit = 1000;

/** The refresh tokens of one user. */
export class RefreshTokenStore {
  readonly #rows: Row[];
  /** By the id of the refresh token that each was issued with. */
  readonly accessTokens: ReadonlyMap<string, string>;

  constructor(
    readonly resourceOwner: string,
    readonly journal: Journal,
    tokens: readonly TokenOptions[],
    readonly firstId: bigint,
  ) {
    const placeOf = ({ clientId, userAgentId }: LocalRefreshTokenOptions, index: number): string =>
      JSON.stringify([clientId, userAgentId ?? index]);
    const last = new Map(tokens.map((options, index) => [placeOf(options, index), index]));
    this.#rows = tokens.map((options, index) => ({
      token: this.#token(options, firstId + BigInt(index), index),
      accessToken: options.accessToken ?? opaqueToken(),
      agentId: options.userAgentId ?? `browser ${index}`,
      stale: options.stale ?? false,
      replaced: last.get(placeOf(options, index)) !== index,
    }));
    this.accessTokens = new Map(this.#rows.map(({ token, accessToken }) => [token.id, accessToken]));
  }

  /** Adds what a sign-in made, and returns its id. */
  add(options: TokenOptions): string {
    const index = this.#rows.length;
    const { accessToken = opaqueToken(), userAgentId: agentId = `browser ${index}` } = options;
    const token = this.#token(options, this.firstId + BigInt(index), index);
    this.#rows.push({ token, accessToken, agentId, stale: false, replaced: false });
    return token.id;
  }

  /** Those that are listed and can be revoked, in order of creation. */
  get live(): RefreshToken[] {
    return this.#rows.filter((row) => isLive(row) && !row.replaced).map((row) => row.token);
  }

  /** What an access token is, if it was issued with one of these. */
  issued(accessToken: string): IssuedToken | undefined {
    const row = this.#rows.find((row) => row.accessToken === accessToken);
    return row && { isLive: isLive(row), agentId: row.agentId };
  }

  /** Signs out where a token was issued: it stays listed, and cannot be revoked. */
  signOut(id: string): void {
    const row = this.#rows.find((row) => row.token.id === id);
    if (row === undefined) {
      throw new RangeError(`the user has no refresh token ${JSON.stringify(id)}`);
    }
    row.stale = true;
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

  revoke(id: string, lagMs: number): ObjectDetails {
    const row = this.#rows.find((row) => row.token.id === id && isLive(row));
    if (row === undefined) throw notFound();
    return this.#remove(row, lagMs);
  }

  /** Works on what the list holds, which is why one row that is behind makes all of it fail. */
  revokeAll(lagMs: number): void {
    const rows = this.#listed();
    if (rows.length === 0) {
      throw zitadelError(Code.InvalidArgument, "ID missing", "COMMAND-Gfj42");
    }
    if (!rows.every(isLive)) throw notFound();
    for (const row of rows) {
      this.#remove(row, lagMs);
    }
  }

  #listed(): Row[] {
    const now = this.journal.now().getTime();
    return this.#rows.filter((row) => !row.replaced && (row.goneAt === undefined || row.goneAt > now));
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

  #token(options: TokenOptions, id: bigint, index: number): RefreshToken {
    const { authTime = new Date(this.journal.now().getTime() - 3_600_000) } = options;
    const { creationDate = authTime } = options;
    const { changeDate = creationDate } = options;
    const { idleExpiration = later(changeDate, 30), expiration = later(creationDate, 90) } = options;
    const { clientId } = options;
    return create(RefreshTokenSchema, {
      id: options.id ?? String(id),
      details: {
        sequence: BigInt(options.sequence ?? 100 + index),
        ...(creationDate !== null && { creationDate: timestamp(creationDate) }),
        ...(changeDate !== null && { changeDate: timestamp(changeDate) }),
        resourceOwner: options.resourceOwner ?? this.resourceOwner,
      },
      clientId,
      authTime: timestamp(authTime ?? zeroTime),
      idleExpiration: timestamp(idleExpiration ?? zeroTime),
      expiration: timestamp(expiration ?? zeroTime),
      scopes: [...(options.scopes ?? ["openid", "profile", "email", "offline_access"])],
      audience: [...(options.audience ?? [clientId, "320010000000000001"])],
    });
  }
}

function isLive(row: Row): boolean {
  return !row.stale && row.goneAt === undefined;
}

function notFound(): ConnectError {
  return zitadelError(Code.NotFound, "Refresh Token not found", "COMMAND-BHt2w");
}

function later(time: Date | string | null, days: number): Date | null {
  return time === null ? null : new Date(timestampDate(timestamp(time)).getTime() + days * dayMs);
}
