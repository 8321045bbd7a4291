import type { Outcome } from "./call-vector.js";
import type { Seen } from "./vector-server.js";
import type { Pair, Vector } from "./vectors.js";

/** What is wrong with a client's report and its requests, in sentences; empty: it conforms. */
export function judge(vector: Vector, outcome: Outcome, requests: readonly Seen[]): string[] {
  return [...judgeRequests(vector, requests), ...judgeOutcome(vector, outcome)];
}

function judgeRequests(vector: Vector, requests: readonly Seen[]): string[] {
  const [request] = requests;
  if (!request || requests.length > 1) {
    // A call that its caller cancels at once may never have left.
    return request || vector.cancelAfterMs === undefined ? [`the server saw ${requests.length} requests`] : [];
  }
  const wrong: string[] = [];
  const path = `/connectrpc.conformance.v1.ConformanceService/${vector.method}`;
  if (request.method !== "POST" || request.path !== path) wrong.push(`asked ${request.method} ${request.path}`);
  const contentType = vector.proto === "PROTOCOL_GRPC" ? "application/grpc" : "application/grpc-web";
  if (!new RegExp(`^${contentType}(\\+proto)?$`).test(request.headers["content-type"] ?? "")) {
    wrong.push(`sent content-type ${request.headers["content-type"]}`);
  }
  if (vector.proto === "PROTOCOL_GRPC" && request.headers.te !== "trailers") wrong.push("sent no te: trailers");
  // One that is cancelled while it connects may end without its message.
  const whole = request.body.length >= 5 && request.body.readUInt32BE(1) === request.body.length - 5;
  if (!whole && vector.cancelAfterMs === undefined) {
    wrong.push(`sent a body that is not one message: ${request.body.toString("hex")}`);
  }
  const sent: Pair[] = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  wrong.push(...missing("request header", vector.reqHeaders, sent));
  const timeoutMs = parseTimeout(request.headers["grpc-timeout"]);
  const limit = vector.expect.timeoutSent;
  if (limit === undefined ? timeoutMs !== undefined : timeoutMs === undefined || timeoutMs > limit) {
    wrong.push(`sent grpc-timeout ${request.headers["grpc-timeout"]}`);
  }
  return wrong;
}

function judgeOutcome({ expect }: Vector, outcome: Outcome): string[] {
  if ("thrown" in outcome) return [`threw ${outcome.thrown}`];
  if (outcome.ok) {
    if (expect.code !== undefined) return [`succeeded instead of code ${expect.code}`];
    return [
      ...(outcome.data === expect.data ? [] : [`data is ${outcome.data}`]),
      ...missing("header", expect.headers, outcome.headers),
      ...missing("trailer", expect.trailers, outcome.trailers),
    ];
  }
  const told = `code ${outcome.code} (${outcome.message})`;
  if (expect.code === undefined) return [`failed with ${told}`];
  const codes = [expect.code, ...(expect.other ?? [])];
  const wrong = codes.includes(outcome.code) ? [] : [`${told} instead of ${codes.join(" or ")}`];
  if (expect.message !== undefined && outcome.message !== expect.message) wrong.push(`message is ${told}`);
  if (expect.details && String(outcome.details) !== String(expect.details)) {
    wrong.push(`details are [${outcome.details}]`);
  }
  const pairs = [...(expect.headers ?? []), ...(expect.trailers ?? [])];
  return [...wrong, ...missing("metadata", pairs, outcome.metadata)];
}

// `Headers` joins repeated values with a comma.
function missing(what: string, expected: readonly Pair[] = [], actual: readonly Pair[]): string[] {
  const has = ([name, value]: Pair) =>
    actual.some(([key, values]) => key === name && values.split(/,\s*/).includes(value));
  return expected.filter((pair) => !has(pair)).map(([name, value]) => `${what} ${name}: ${value} is missing`);
}

const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

function parseTimeout(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  return digits && unit ? Number(digits) * (unitMs[unit] ?? Number.NaN) : Number.NaN;
}
