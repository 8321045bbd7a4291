const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Reads `grpc-timeout`: ms, Infinity without one, undefined if it is malformed. Go takes an empty header for none. */
export function parseTimeout(value: string | undefined): number | undefined {
  if (!value) return Number.POSITIVE_INFINITY;
  const [, digits = "", unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  const ms = unitMs[unit];
  return ms === undefined ? undefined : Number(digits) * ms;
}
