/** What one check found. */
export interface Finding {
  /** Which check, such as `dns` or `grpc-web`. */
  readonly check: string;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** What is wrong, only of a warning and of a failure. Stable: programs that read `-o json` may compare it. */
  readonly verdict?: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** How long it took, in milliseconds. */
  readonly ms?: number;
}

/** What a check can find wrong, by its verdict. In message and remedy `{name}` stands for the fact of that name. */
export type Verdicts = Readonly<
  Record<string, readonly [status: "warning" | "failed", message: string, remedy: string]>
>;

/** Makes what a check finds wrong from the table of its verdicts. */
export function finder<Table extends Verdicts>(check: string, verdicts: Table) {
  return (verdict: keyof Table & string, facts: Readonly<Record<string, string | number>> = {}): Finding => {
    const [status, ...words] = verdicts[verdict] as Verdicts[string];
    const [message = "", remedy = ""] = words.map((text) =>
      text.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name])),
    );
    return { check, status, verdict, message, remedy };
  };
}

export function ok(check: string, message: string, ms?: number): Finding {
  return { check, status: "ok", message, ...(ms !== undefined && { ms: Math.round(ms * 10) / 10 }) };
}

export function skipped(check: string, message: string): Finding {
  return { check, status: "skipped", message };
}
