const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Reads `grpc-timeout` as grpc-go does: ms, or what it says about a value that it does not understand. */
export function parseGrpcTimeout(value: string): number | { error: string } {
  if (value.length < 2) {
    return { error: `transport: timeout string is too short: ${JSON.stringify(value)}` };
  }
  if (value.length > 9) {
    return { error: `transport: timeout string is too long: ${JSON.stringify(value)}` };
  }
  const ms = unitMs[value.slice(-1)];
  if (ms === undefined) {
    return { error: `transport: timeout unit is not recognized: ${JSON.stringify(value)}` };
  }
  const digits = value.slice(0, -1);
  if (!/^[+-]?\d+$/.test(digits)) {
    return { error: `strconv.ParseInt: parsing ${JSON.stringify(digits)}: invalid syntax` };
  }
  return Number(digits) * ms;
}

/** The same for REST, where grpc-gateway minds neither the length nor a sign; undefined if it is malformed. */
export function parseGatewayTimeout(value: string): number | undefined {
  const ms = unitMs[value.slice(-1)];
  const number = value.slice(0, -1);
  return ms !== undefined && /^[+-]?\d+$/.test(number) ? Number(number) * ms : undefined;
}
