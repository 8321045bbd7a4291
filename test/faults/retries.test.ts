import { constants } from "node:http2";
import { Code, type Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import type { TransportOptions } from "../../src/node.js";
import { type Answer, type SeenRequest, startAnswerServer } from "../helpers/answer-server.js";
import { type AnswerRow, rowClient, testAnswerRows } from "./answer-row.js";
import {
  errorAnswer,
  errorDetail,
  frame,
  grpcAnswer,
  jsonAnswer,
  okAnswer,
  type ProtocolName,
  retryInfo,
} from "./answers.js";
import { canaryToken, expectOutcome, placesOf, until } from "./fault-row.js";

const all: ProtocolName[] = ["grpc", "grpcWeb", "rest"];
const unavailable = (protocol: ProtocolName) => errorAnswer(protocol, Code.Unavailable, { message: "not now" });

/** Answers the first requests with these, and later ones with the last. */
function inTurn(...answers: ((protocol: ProtocolName) => Answer)[]) {
  return (protocol: ProtocolName, { n }: SeenRequest) =>
    (answers[n - 1] ?? answers[answers.length - 1] ?? okAnswer)(protocol);
}

describe("retries", () => {
  testAnswerRows(policyRows());
  testAnswerRows(codeRows());
  testAnswerRows(offRows());

  for (const protocol of all) {
    test(`${protocol}: by default two failures are waited out, with what a server is to know`, async () => {
      const answer = inTurn(unavailable, unavailable, okAnswer);
      await using server = await startAnswerServer(protocol, (request) => answer(protocol, request));
      await using auth = rowClient(server, protocol, { retry: undefined });
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), { code: "ok" });
      const [first, second, third] = server.requests;
      expect(server.requests).toHaveLength(3);
      // 100 ms and 200 ms, each less at most 20 %, and a millisecond that a timer may be early.
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(79);
      expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual(159);
      const sent = server.requests.map(({ headers }) => headers["grpc-previous-rpc-attempts"]);
      expect(sent).toEqual(protocol === "rest" ? [undefined, undefined, undefined] : [undefined, "1", "2"]);
      const [a = 0, b = 0, c = 0] = server.requests.map(({ headers }) =>
        Number.parseInt(`${headers["grpc-timeout"]}`, 10),
      );
      expect(a).toBeLessThanOrEqual(4000);
      expect(b).toBeLessThanOrEqual(a - 79);
      expect(c).toBeLessThanOrEqual(b - 159);
      expect(c).toBeGreaterThan(0);
    });

    test(`${protocol}: by default four attempts are made`, async () => {
      await using server = await startAnswerServer(protocol, () => unavailable(protocol));
      await using auth = rowClient(server, protocol, { retry: undefined });
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
        code: Code.Unavailable,
        fromServer: true,
        attempts: 4,
      });
      expect(server.requests).toHaveLength(4);
    });

    test(`${protocol}: a server that only fails gets no more retries once the throttle is empty`, async () => {
      let healthy = false;
      await using server = await startAnswerServer(protocol, () =>
        healthy ? okAnswer(protocol) : unavailable(protocol),
      );
      await using auth = rowClient(server, protocol);
      const requestsOf = async (calls: number, client: Pick<typeof auth, "listMyRefreshTokens"> = auth) => {
        const before = server.requests.length;
        for (let i = 0; i < calls; i++) await client.listMyRefreshTokens({}).catch(() => undefined);
        return server.requests.length - before;
      };
      // 100 retries: three each for 33 calls, and one more.
      expect(await requestsOf(33)).toBe(132);
      expect(await requestsOf(1)).toBe(2);
      expect(await requestsOf(20)).toBe(20);
      // The throttle is that of all users.
      expect(await requestsOf(5, auth.withToken("another-token"))).toBe(5);
      // Five calls that work pay for one retry.
      healthy = true;
      await requestsOf(5);
      healthy = false;
      expect(await requestsOf(1)).toBe(2);
      expect(await requestsOf(1)).toBe(1);
    });

    for (const { method, name } of [
      { method: "revokeMyRefreshToken", name: "a revoke" },
      { method: "revokeAllMyRefreshTokens", name: "a revoke of all" },
    ] as const) {
      const call = (auth: ReturnType<typeof rowClient>) =>
        method === "revokeMyRefreshToken" ? auth.revokeMyRefreshToken({ id: "7" }) : auth.revokeAllMyRefreshTokens({});
      const isOne = method === "revokeMyRefreshToken";
      const goneCode = isOne ? Code.NotFound : Code.InvalidArgument;
      const goneDetails = [isOne ? errorDetail("COMMAND-BHt2w", "not found") : errorDetail("COMMAND-Gfj42", "missing")];
      const gone = errorAnswer(protocol, goneCode, { details: goneDetails });

      test(`${protocol}: ${name} is repeated, since doing it twice does no harm`, async () => {
        const empty =
          protocol === "rest" ? jsonAnswer("{}") : grpcAnswer(protocol, { frames: [frame(new Uint8Array())] });
        await using server = await startAnswerServer(protocol, ({ n }) => (n === 1 ? unavailable(protocol) : empty));
        await using auth = rowClient(server, protocol);
        await expectOutcome(() => call(auth), { code: "ok" });
        expect(server.requests).toHaveLength(2);
      });

      // The attempt whose answer was lost may have revoked it, or the id was never one of this user's.
      test(`${protocol}: ${name} that finds nothing on the repeat says that it may have been carried out`, async () => {
        await using server = await startAnswerServer(protocol, ({ n }) => (n === 1 ? unavailable(protocol) : gone));
        await using auth = rowClient(server, protocol);
        const { info } = await expectOutcome(() => call(auth), { code: goneCode, fromServer: true, attempts: 2 });
        expect(info).toMatchObject({ id: isOne ? "COMMAND-BHt2w" : "COMMAND-Gfj42", maybeApplied: true });
      });

      test(`${protocol}: ${name} that finds nothing after it was refused for its quota was not carried out`, async () => {
        const details = [retryInfo(1)];
        const spent = errorAnswer(protocol, Code.ResourceExhausted, { details });
        await using server = await startAnswerServer(protocol, ({ n }) => (n === 1 ? spent : gone));
        await using auth = rowClient(server, protocol);
        const { info } = await expectOutcome(() => call(auth), { code: goneCode, fromServer: true, attempts: 2 });
        expect(info?.maybeApplied).toBeUndefined();
      });

      test(`${protocol}: ${name} that meets its deadline on the repeat says that it may have been carried out`, async () => {
        const stall = { stall: "before-head" } as const;
        await using server = await startAnswerServer(protocol, ({ n }) => (n === 1 ? unavailable(protocol) : stall));
        await using auth = rowClient(server, protocol, { timeoutMs: 800 });
        const { info } = await expectOutcome(() => call(auth), { code: Code.DeadlineExceeded, attempts: 2 });
        expect(info?.maybeApplied).toBe(true);
      });

      test(`${protocol}: ${name} that an interceptor repeats says that it may have been carried out`, async () => {
        await using server = await startAnswerServer(protocol, ({ n }) => (n === 1 ? unavailable(protocol) : gone));
        const again: Interceptor = (next) => (request) => next(request).catch(() => next(request));
        await using auth = rowClient(server, protocol, { retry: false, interceptors: [again] });
        const { info } = await expectOutcome(() => call(auth), { code: goneCode, fromServer: true, attempts: 2 });
        expect(info?.maybeApplied).toBe(true);
      });

      test(`${protocol}: ${name} that finds nothing at first is an error`, async () => {
        await using server = await startAnswerServer(protocol, () => gone);
        await using auth = rowClient(server, protocol);
        const { info } = await expectOutcome(() => call(auth), { code: goneCode, fromServer: true, attempts: 1 });
        expect(info?.maybeApplied).toBeUndefined();
      });
    }

    const collided = (message: string) => errorAnswer(protocol, Code.Unknown, { message });

    test(`${protocol}: a revoke that collided in the event store is repeated, and counts as not done`, async () => {
      // In the words of a PostgreSQL that speaks German.
      const words = "doppelter Schlüsselwert verletzt Unique-Constraint »events2_pkey« (SQLSTATE 23505)";
      const gone = errorAnswer(protocol, Code.NotFound, { details: [errorDetail("COMMAND-BHt2w", "not found")] });
      await using server = await startAnswerServer(protocol, ({ n }) => (n === 1 ? collided(words) : gone));
      await using auth = rowClient(server, protocol);
      const { info } = await expectOutcome(() => auth.revokeMyRefreshToken({ id: "7" }), {
        code: Code.NotFound,
        fromServer: true,
        attempts: 2,
      });
      expect(info?.maybeApplied).toBeUndefined();
    });

    for (const [what, words] of [
      ["in another table", 'duplicate key value violates unique constraint "unique_constraints_pkey" (SQLSTATE 23505)'],
      ["with another state", 'duplicate key value violates unique constraint "events2_pkey"'],
      ["in another way", 'null value in column "sequence" violates "events2_pkey" (SQLSTATE 23502)'],
    ] as const) {
      test(`${protocol}: a revoke that failed ${what} is not repeated`, async () => {
        await using server = await startAnswerServer(protocol, () => collided(words));
        await using auth = rowClient(server, protocol);
        await expectOutcome(() => auth.revokeMyRefreshToken({ id: "7" }), {
          code: Code.Unknown,
          fromServer: true,
          attempts: 1,
        });
      });
    }

    test(`${protocol}: a list is never told as maybe carried out`, async () => {
      await using server = await startAnswerServer(protocol, () => unavailable(protocol));
      await using auth = rowClient(server, protocol);
      const { info } = await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
        code: Code.Unavailable,
        fromServer: true,
        attempts: 4,
      });
      expect(info?.maybeApplied).toBeUndefined();
    });

    // Over HTTP/1.1 nothing says that a request was not taken, so these run over http2 on every protocol.
    const over2 = (options: Partial<TransportOptions> = {}) =>
      protocol === "grpc" ? options : { http2: {}, ...options };
    const refused = { rstCode: constants.NGHTTP2_REFUSED_STREAM };

    test(`${protocol}: two refused streams cost one transparent repeat and one of the policy's`, async () => {
      await using server = await startAnswerServer(2, ({ n }) => (n <= 2 ? refused : okAnswer(protocol)));
      const attempts: (Code | undefined)[] = [];
      await using auth = rowClient(server, protocol, over2({ onAttempt: ({ code }) => attempts.push(code) }));
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), { code: "ok" });
      expect(server.requests).toHaveLength(3);
      if (protocol === "rest") return;
      const sent = server.requests.map(({ headers }) => headers["grpc-previous-rpc-attempts"]);
      expect(sent).toEqual([undefined, undefined, "1"]);
    });

    test(`${protocol}: streams refused for ever are four attempts and the transparent one`, async () => {
      await using server = await startAnswerServer(2, () => refused);
      await using auth = rowClient(server, protocol, over2());
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), { code: Code.Unavailable });
      expect(server.requests).toHaveLength(5);
    });

    test(`${protocol}: a stream that was never taken is repeated once even with retry: false`, async () => {
      await using server = await startAnswerServer(2, ({ n }) => (n === 1 ? refused : okAnswer(protocol)));
      await using auth = rowClient(server, protocol, over2({ retry: false }));
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), { code: "ok" });
      expect(server.requests).toHaveLength(2);
    });

    test(`${protocol}: with retry: false two refused streams are Unavailable`, async () => {
      await using server = await startAnswerServer(2, () => refused);
      await using auth = rowClient(server, protocol, over2({ retry: false }));
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), { code: Code.Unavailable });
      expect(server.requests).toHaveLength(2);
    });

    const badRetries: Record<string, unknown>[] = [
      { maxAttempts: 0 },
      { maxAttempts: 6 },
      { maxAttempts: -1 },
      { maxAttempts: 2.5 },
      { maxAttempts: Number.NaN },
      { initialBackoffMs: 0 },
      { initialBackoffMs: -1 },
      { initialBackoffMs: Number.NaN },
      { initialBackoffMs: Number.POSITIVE_INFINITY },
      { maxBackoffMs: 0 },
      { maxBackoffMs: Number.NaN },
      { backoffMultiplier: 0 },
      { backoffMultiplier: -2 },
      { backoffMultiplier: Number.NaN },
    ];
    for (const retry of badRetries) {
      const [[key, value] = []] = Object.entries(retry);
      test(`${protocol}: retry.${key} of ${value} is a RangeError at construction`, () => {
        const create = () => rowClient({ baseUrl: "http://127.0.0.1:1" }, protocol, { retry });
        expect(create).toThrow(RangeError);
        expect(create).toThrow(String(key));
      });
    }

    for (const maxAttempts of [1, 2, 5]) {
      test(`${protocol}: maxAttempts of ${maxAttempts} is kept`, async () => {
        await using server = await startAnswerServer(protocol, () => unavailable(protocol));
        await using auth = rowClient(server, protocol, { retry: { maxAttempts, initialBackoffMs: 1 } });
        await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
          code: Code.Unavailable,
          fromServer: true,
          attempts: maxAttempts,
        });
        expect(server.requests).toHaveLength(maxAttempts);
      });
    }

    test(`${protocol}: each attempt is reported once, and no report holds the token`, async () => {
      const answer = inTurn(unavailable, unavailable, okAnswer);
      await using server = await startAnswerServer(protocol, (request) => answer(protocol, request));
      const reports: unknown[] = [];
      await using auth = rowClient(server, protocol, { onAttempt: (report) => reports.push(report) });
      await auth.listMyRefreshTokens({});
      expect(reports).toMatchObject([
        { attempt: 1, code: Code.Unavailable },
        { attempt: 2, code: Code.Unavailable },
        { attempt: 3 },
      ]);
      for (const report of reports as { ms: number; bytes: number }[]) {
        expect(report.ms).toBeGreaterThanOrEqual(0);
        expect(Number.isInteger(report.bytes)).toBe(true);
      }
      expect((reports[2] as { code?: Code }).code).toBeUndefined();
      expect((reports[2] as { bytes: number }).bytes).toBeGreaterThan(0);
      expect(placesOf(canaryToken, reports)).toEqual([]);
    });

    for (const how of ["the deadline", "the caller"]) {
      test(`${protocol}: an attempt that ${how} ended is reported as well`, async () => {
        await using server = await startAnswerServer(protocol, () => ({ stall: "before-head" }));
        const reports: unknown[] = [];
        const caller = new AbortController();
        await using auth = rowClient(server, protocol, {
          timeoutMs: how === "the deadline" ? 500 : 4000,
          onAttempt: (report) => reports.push(report),
        });
        const call = auth.listMyRefreshTokens({}, { signal: caller.signal });
        call.catch(() => undefined);
        await until(() => server.requests.length === 1, "the request did not arrive");
        if (how === "the caller") caller.abort();
        const code = how === "the deadline" ? Code.DeadlineExceeded : Code.Canceled;
        await expectOutcome(() => call, { code, attempts: 1 });
        expect(reports).toMatchObject([{ attempt: 1, code, bytes: 0 }]);
      });
    }

    test(`${protocol}: a hook that throws does not change the call`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol, {
        onAttempt: () => {
          throw new Error("broken hook");
        },
      });
      await auth.listMyRefreshTokens({});
      expect(server.requests).toHaveLength(1);
    });
  }
});

function policyRows(): AnswerRow[] {
  return [
    {
      name: "Unavailable twice, then an answer",
      on: all,
      answer: inTurn(unavailable, unavailable, okAnswer),
      want: { code: "ok", requests: 3 },
    },
    {
      name: "Unavailable for ever is the server's last error",
      on: all,
      answer: (protocol, { n }) => errorAnswer(protocol, Code.Unavailable, { message: `not now, ${n}` }),
      want: { code: Code.Unavailable, fromServer: true, requests: 4, rawMessage: "not now, 4" },
    },
    {
      name: "what the last attempt says is what the caller gets",
      on: all,
      answer: inTurn(unavailable, (protocol) => errorAnswer(protocol, Code.PermissionDenied)),
      want: { code: Code.PermissionDenied, fromServer: true, requests: 2 },
    },
    {
      name: "a backoff longer than the time left ends the call at once, with the server's error",
      on: all,
      options: { retry: { initialBackoffMs: 60_000, maxBackoffMs: 60_000 } },
      answer: unavailable,
      want: { code: Code.Unavailable, fromServer: true, rawMessage: "not now", withinMs: 3000 },
    },
  ];
}

function codeRows(): AnswerRow[] {
  const repeated = [Code.Unavailable, Code.Unauthenticated]; // Unauthenticated: see the rows of the token provider
  const codes = Array.from({ length: 16 }, (_, i) => (i + 1) as Code).filter((code) => !repeated.includes(code));
  return codes.map((code) => ({
    name: `${Code[code]} is not repeated`,
    on: all,
    answer: (protocol) => errorAnswer(protocol, code),
    want: { code, fromServer: true },
  }));
}

function offRows(): AnswerRow[] {
  const options = { retry: false } as const;
  return [
    {
      name: "with retry: false Unavailable is not repeated",
      on: all,
      options,
      answer: unavailable,
      want: { code: Code.Unavailable, fromServer: true },
    },
    {
      name: "with retry: false a pushback is not obeyed either",
      on: ["grpc"],
      options,
      answer: () => ({
        ...grpcAnswer("grpc", { trailers: { "grpc-status": "14", "grpc-retry-pushback-ms": "1" }, trailersOnly: true }),
      }),
      want: { code: Code.Unavailable, fromServer: true },
    },
    {
      name: "with retry: false a lost connection is not dialled again",
      on: all,
      options,
      answer: () => ({ hangUp: true }),
      want: { code: Code.Unavailable, reason: "connection-lost" },
    },
  ];
}
