import type { ListMyRefreshTokensResponse } from "../web.js";
import { type CallRecord, type Calls, createCalls, type ProtocolName } from "./calls.js";
import { describe, type Problem, summarize } from "./problem.js";
import type { Mark } from "./row.js";
import type { Source } from "./source.js";

// When to look again whether ZITADEL still lists what was revoked: after so long, then twice as long, up to the limit.
const firstLookMs = 250;
const lastLookMs = 32_000;

/** What is known about one source's tokens, and what is under way. Tells `onChange` of every change. */
export class Session {
  source: Source | undefined;
  protocol: ProtocolName = "grpcWeb";
  /** The last list that came. */
  response: ListMyRefreshTokensResponse | undefined;
  listedAt: Date | undefined;
  /** Why there is none, or none newer. */
  problem: Problem | undefined;
  loading = true;
  /** By id: what became of revoking a token that is still listed. */
  readonly marks = new Map<string, Mark>();

  #calls: Calls | undefined;
  #uses = 0;
  #last: Promise<unknown> = Promise.resolve();
  #lookMs = firstLookMs;
  #looking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly onChange: () => void,
    readonly onCall: (record: CallRecord) => void,
    readonly say: (text: string) => void,
  ) {}

  /** Shows another source, or the same over another protocol. Rejects with what is wrong with the source. */
  async use(source: Source, protocol: ProtocolName): Promise<void> {
    const use = ++this.#uses;
    const calls = await createCalls(source, protocol, this.onCall);
    // Somebody has chosen again meanwhile.
    if (use !== this.#uses) return calls.close();
    this.#calls?.close();
    this.#calls = calls;
    if (source !== this.source) {
      this.response = this.listedAt = undefined;
      this.marks.clear();
    }
    Object.assign(this, { source, protocol, problem: undefined });
    await this.reload();
  }

  /** Lists again, as the person asked. */
  async reload(): Promise<void> {
    // No source has been chosen yet.
    if (!this.#calls) return;
    for (const [id, mark] of this.marks) if (mark.kind === "failed") this.marks.delete(id);
    this.#lookMs = firstLookMs;
    this.loading = true;
    this.onChange();
    await this.#list();
  }

  async revoke(ids: readonly string[]): Promise<void> {
    this.#mark(ids, "revoking", "Asking ZITADEL to revoke it…");
    this.onChange();
    await this.#inTurn(async (calls) => {
      const { revoked, alreadyGone, failed } = await calls.revoke(ids).catch((error: unknown) => ({
        // An id that none can have, if that is what ZITADEL lists.
        revoked: [],
        alreadyGone: [],
        failed: ids.map((id) => ({ id, error })),
      }));
      if (calls !== this.#calls) return;
      this.#mark(revoked, "revoked", "Revoked: the app has to sign in again. ZITADEL's list is not up to date yet.");
      this.#mark(
        alreadyGone,
        "gone",
        "Signed out or revoked by now. ZITADEL may go on listing it; it is of no use any more.",
      );
      for (const { id, error } of failed) this.#mark([id], "failed", `Not revoked. ${summarize(error)}`);
      const gone = alreadyGone.length > 0 ? `, ${alreadyGone.length} gone` : "";
      this.say(`${revoked.length} revoked${gone}${failed.length > 0 ? `, ${failed.length} not` : ""}.`);
      this.onChange();
    });
    this.#lookMs = firstLookMs;
    await this.#list();
  }

  #mark(ids: readonly string[], kind: Mark["kind"], note: string): void {
    for (const id of ids) this.marks.set(id, { kind, note });
  }

  /** Runs one thing after the other, so that each request is of the call that is shown with it. */
  #inTurn(run: (calls: Calls) => Promise<void>): Promise<void> {
    const calls = this.#calls as Calls;
    const turn = this.#last.then(() => (calls === this.#calls ? run(calls) : undefined));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #list(): Promise<void> {
    clearTimeout(this.#looking);
    await this.#inTurn(async (calls) => {
      try {
        const response = await calls.list();
        if (calls !== this.#calls) return;
        Object.assign(this, { response, listedAt: new Date(), problem: undefined });
        this.#dropMarks();
      } catch (error) {
        if (calls !== this.#calls) return;
        this.problem = describe(error);
      }
      this.loading = false;
      this.onChange();
    });
  }

  /** Forgets what is listed no more, and looks again soon while something revoked still is. */
  #dropMarks(): void {
    const listed = new Set(this.response?.result.map(({ id }) => id));
    for (const id of this.marks.keys()) if (!listed.has(id)) this.marks.delete(id);
    const isBehind = [...this.marks.values()].some(({ kind }) => kind === "revoked");
    if (!isBehind || this.#lookMs > lastLookMs) return;
    this.#looking = setTimeout(() => void this.#list(), this.#lookMs);
    this.#lookMs *= 2;
  }
}
