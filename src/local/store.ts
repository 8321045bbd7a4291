import { randomBytes } from "node:crypto";
import { create, fromJson } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type ListDetails, ListDetailsSchema } from "../../gen/zitadel/object_pb.js";

interface Event {
  readonly sequence: bigint;
  readonly at: Date;
  /** When lists take it into account, in ms since 1970. */
  readonly visibleAt: number;
}

/** How often a projection that has nothing to do says so. */
const beatMs = 180_000;

/** Every change has a number, and lists learn of it later: ZITADEL's eventstore and its projection, in brief. */
export class Journal {
  readonly #now: () => Date;
  // Numbers are shared by the whole instance, so a young one is already far from 1.
  #last: Event;
  #visible: Event;
  #waiting: Event[] = [];
  readonly #startedAt: number;

  constructor(now: () => Date) {
    this.#now = now;
    const at = now();
    this.#last = { sequence: 2678n, at, visibleAt: at.getTime() };
    this.#visible = this.#last;
    this.#startedAt = at.getTime();
  }

  now(): Date {
    return this.#now();
  }

  /** Records a change that lists show after so many ms. */
  record(lagMs: number): Event {
    const at = this.now();
    this.#last = { sequence: this.#last.sequence + 1n, at, visibleAt: at.getTime() + lagMs };
    this.#waiting.push(this.#last);
    return this.#last;
  }

  listDetails(totalResult: number): ListDetails {
    const now = this.now().getTime();
    const seen = this.#waiting.filter((event) => event.visibleAt <= now);
    this.#waiting = this.#waiting.filter((event) => event.visibleAt > now);
    this.#visible = seen.at(-1) ?? this.#visible;
    // It stands still between changes but for its beat.
    const beat = now - ((now - this.#startedAt) % beatMs);
    return create(ListDetailsSchema, {
      totalResult: BigInt(totalResult),
      processedSequence: this.#visible.sequence,
      viewTimestamp: timestampFromDate(new Date(Math.max(this.#visible.visibleAt, beat))),
    });
  }
}

/** An access token that came from a sign-in. */
export interface IssuedToken {
  readonly isLive: boolean;
  /** The browser that the sign-in was made in. */
  readonly agentId: string | undefined;
}

/** A time as options give it: an ISO string may have nanoseconds. */
export function timestamp(time: Date | string): Timestamp {
  return typeof time === "string" ? fromJson(TimestampSchema, time) : timestampFromDate(time);
}

export function opaqueToken(): string {
  return randomBytes(36).toString("base64url");
}

/** FNV-1a: an order that is always the same, and follows neither age nor id. */
export function scatter(id: string): number {
  let hash = 0x811c9dc5;
  for (const char of id) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}
