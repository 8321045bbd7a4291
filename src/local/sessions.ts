import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type Details, DetailsSchema } from "../../gen/zitadel/object/v2/object_pb.js";
import {
  type Factors,
  FactorsSchema,
  type SearchQuery,
  type Session,
  SessionFieldName,
  SessionSchema,
  type UserAgent,
  UserAgentSchema,
} from "../../gen/zitadel/session/v2/session_pb.js";
import {
  type ListSessionsRequest,
  type ListSessionsResponse,
  ListSessionsResponseSchema,
} from "../../gen/zitadel/session/v2/session_service_pb.js";
import type { LocalSessionFactors, LocalSessionOptions, LocalUser, LocalUserAgent } from "./public.js";
import { type IssuedToken, type Journal, opaqueToken, scatter, timestamp } from "./store.js";
import { zitadelError } from "./zitadel-error.js";

interface Row {
  readonly session: Session;
  readonly userId: string;
  readonly accessTokens: readonly string[];
  /** Absent until it is ended. */
  end?: Details;
}

/** Whose session it is. */
export type SessionUser = Pick<LocalUser, "id" | "loginName" | "displayName" | "resourceOwner">;

/** Who asks: other sessions are not shown. */
export interface SessionCaller {
  readonly userId: string;
  /** The browser that the access token came from; a personal access token came from none. */
  readonly agentId: string | undefined;
}

const hourMs = 3_600_000;

/** Owns the sessions, unlike the users, which belong to an organization. */
const instanceId = "320000000000000000";

/** The sessions of all users, in one list, as ZITADEL has them. */
export class SessionStore {
  readonly #rows: Row[] = [];

  constructor(readonly journal: Journal) {}

  /** Adds the sessions of a user, of whom these access tokens came from the first one. Answers with theirs by id. */
  add(
    user: SessionUser,
    sessions: readonly LocalSessionOptions[],
    firstId: bigint,
    tokens: readonly string[],
  ): ReadonlyMap<string, string> {
    const rows = sessions.map((options, index) => {
      const ofCaller = index === 0 ? tokens : [];
      const accessToken = options.accessToken ?? ofCaller[0] ?? opaqueToken();
      const session = this.#session(user, options, String(firstId + BigInt(index)));
      return { session, userId: user.id, accessTokens: [accessToken, ...ofCaller] };
    });
    this.#rows.push(...rows);
    return new Map(rows.map(({ session, accessTokens: [first = ""] }) => [session.id, first]));
  }

  /** The sessions of a user that have not been ended, in order of creation. */
  of(userId: string): Session[] {
    return this.#rows.filter((row) => row.userId === userId && !row.end).map((row) => row.session);
  }

  /** What an access token is, if it came from a session of this user. */
  issued(accessToken: string, userId: string): IssuedToken | undefined {
    const row = this.#rows.find((row) => row.userId === userId && row.accessTokens.includes(accessToken));
    return row && { isLive: !row.end, agentId: row.session.userAgent?.fingerprintId };
  }

  /** What the caller may not see is taken out last: it counts, and takes its place in a part of the list. */
  list({ query, queries, sortingColumn }: ListSessionsRequest, caller: SessionCaller): ListSessionsResponse {
    const conditions = queries.map((each) => readQuery(each, caller.agentId));
    const found = this.#rows.filter((row) => !row.end && conditions.every((isMet) => isMet(row)));
    const { offset = 0n, limit = 0, asc = false } = query ?? {};
    found.sort(
      sortingColumn === SessionFieldName.CREATION_DATE
        ? (a, b) => (createdAt(a) - createdAt(b)) * (asc ? 1 : -1)
        : (a, b) => scatter(a.session.id) - scatter(b.session.id),
    );
    const part = found.slice(Number(offset), limit === 0 ? undefined : Number(offset) + limit);
    const visible = part.filter((row) => row.userId === caller.userId || isOf(row, caller.agentId));
    const { totalResult, viewTimestamp } = this.journal.listDetails(found.length);
    return create(ListSessionsResponseSchema, {
      details: { totalResult, ...(viewTimestamp && { timestamp: viewTimestamp }) },
      sessions: visible.map((row) => row.session),
    });
  }

  /** Ends a session of this user. Once it is ended, each repeat answers as the first time. */
  end(id: string, userId: string): Details {
    const row = this.#rows.find((row) => row.session.id === id && row.userId === userId);
    if (row === undefined) throw zitadelError(Code.NotFound, "membership not found", "AUTHZ-cdgFk");
    row.end ??= create(DetailsSchema, {
      // Of the events of one session, not of the instance.
      sequence: 5n,
      changeDate: timestampFromDate(this.journal.record(0).at),
      resourceOwner: instanceId,
    });
    return row.end;
  }

  #session(user: SessionUser, options: LocalSessionOptions, id: string): Session {
    const { creationDate = new Date(this.journal.now().getTime() - hourMs), userAgent } = options;
    const { changeDate = creationDate, expirationDate = dayAfter(creationDate) } = options;
    const factors: LocalSessionFactors = options.factors ?? { password: creationDate ?? undefined };
    return create(SessionSchema, {
      id: options.id ?? id,
      ...(creationDate && { creationDate: timestamp(creationDate) }),
      ...(changeDate && { changeDate: timestamp(changeDate) }),
      ...(expirationDate && { expirationDate: timestamp(expirationDate) }),
      factors: toFactors({ user: creationDate ?? undefined, ...factors }, user),
      ...(userAgent && { userAgent: toUserAgent(userAgent) }),
    });
  }
}

function toFactors(times: LocalSessionFactors, { id, loginName, displayName, resourceOwner }: SessionUser): Factors {
  const shown = Object.entries(times).filter((entry): entry is [string, Date | string] => Boolean(entry[1]));
  // Only the passkey has a `userVerified`.
  const verified = shown.map(([name, time]) => [name, { verifiedAt: timestamp(time), userVerified: true }]);
  const { user, ...others } = Object.fromEntries(verified);
  return create(FactorsSchema, {
    user: { ...user, id, loginName, displayName, organizationId: resourceOwner },
    ...others,
  });
}

function toUserAgent({ header = {}, ...rest }: LocalUserAgent): UserAgent {
  const values = Object.entries(header).map(([name, each]) => [name, { values: [...each] }]);
  return create(UserAgentSchema, { ...rest, header: Object.fromEntries(values) });
}

function readQuery({ query }: SearchQuery, agentId: string | undefined): (row: Row) => boolean {
  if (query.case === "userIdQuery") return (row) => row.userId === query.value.id;
  const invalid = (id: string) => zitadelError(Code.InvalidArgument, "List.Query.Invalid", id);
  if (query.case === undefined) throw invalid("GRPC-Sfefs");
  const wanted = query.value.fingerprintId || agentId;
  if (!wanted) throw invalid("GRPC-x8n23uh");
  return (row) => isOf(row, wanted);
}

function isOf({ session }: Row, agentId: string | undefined): boolean {
  return Boolean(agentId) && session.userAgent?.fingerprintId === agentId;
}

function createdAt({ session: { creationDate } }: Row): number {
  return creationDate ? timestampMs(creationDate) : 0;
}

function dayAfter(time: Date | string | null): Date | null {
  return time === null ? null : new Date(timestampDate(timestamp(time)).getTime() + 24 * hourMs);
}
