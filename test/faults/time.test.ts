import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { createServer } from "node:net";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, jest, test } from "@jest/globals";
import type { Attempt } from "../../src/node.js";
import { type Answer, startAnswerServer } from "../helpers/answer-server.js";
import { ca, certificate } from "../helpers/certificate.js";
import { collectGarbage } from "../helpers/collect-garbage.js";
import { type AnswerRow, rowClient, testAnswerRows } from "./answer-row.js";
import {
  errorAnswer,
  errorDetail,
  frame,
  grpcAnswer,
  jsonAnswer,
  listBytes,
  listJson,
  okAnswer,
  type ProtocolName,
  retryInfo,
} from "./answers.js";
import { canaryToken, collectStray, expectOutcome, turns, until } from "./fault-row.js";
import { clientFor, everyRoute, overHttp2, startRaw } from "./routes.js";

const all: ProtocolName[] = ["grpc", "grpcWeb", "rest"];
const deadlineMs = 250;

/** Headers and then so many bytes of a good answer, before nothing. */
function partly(protocol: ProtocolName, bytes: number): Answer {
  const whole = okAnswer(protocol);
  return { ...whole, body: (whole.body ?? new Uint8Array()).subarray(0, bytes), stall: "after-body" };
}

/** A promise to settle from outside. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("the call was meant to fail");
    },
    (reason: unknown) => reason,
  );
}

describe("deadline", () => {
  testAnswerRows(stallRows());

  for (const protocol of all) {
    for (const bytes of [0, 3, 20]) {
      // The signal of a fetch is lost to the garbage collector while its body is read; the timer is not.
      test(`${protocol}: headers, ${bytes} bytes and a stall meet the deadline under garbage collection`, async () => {
        await using server = await startAnswerServer(protocol, () => partly(protocol, bytes));
        await using auth = rowClient(server, protocol, { timeoutMs: deadlineMs });
        const collect = setInterval(collectGarbage, 60);
        collect.unref();
        try {
          await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
            code: Code.DeadlineExceeded,
            attempts: 1,
          });
        } finally {
          clearInterval(collect);
        }
        // gRPC counts a deadline as a cancellation by the client: RST_STREAM with CANCEL.
        const over = await server.requests[0]?.over;
        expect(over).toEqual(protocol === "grpc" ? { rstCode: 8, cut: true } : { cut: true });
      });
    }

    const bad = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31, 3_600_001];
    for (const timeoutMs of bad) {
      test(`${protocol}: a timeoutMs of ${timeoutMs} is a RangeError`, async () => {
        await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
        expect(() => rowClient(server, protocol, { timeoutMs })).toThrow(RangeError);
        await using auth = rowClient(server, protocol);
        const error = await rejection(auth.listMyRefreshTokens({}, { timeoutMs }));
        expect(error).toBeInstanceOf(RangeError);
        expect(String(error)).toContain("timeoutMs");
        expect(server.connections).toBe(0);
      });
    }

    for (const timeoutMs of [0.5, 1]) {
      test(`${protocol}: a timeoutMs of ${timeoutMs} is a valid deadline`, async () => {
        await using server = await startAnswerServer(protocol, () => ({ stall: "before-head" }));
        await using auth = rowClient(server, protocol);
        await expectOutcome((options) => auth.listMyRefreshTokens({}, { ...options, timeoutMs }), {
          code: Code.DeadlineExceeded,
        });
        for (const { headers } of server.requests) {
          expect(headers["grpc-timeout"] ?? "1m").toMatch(/^[1-9][0-9]{0,7}[HMSmun]$/);
        }
      });
    }

    test(`${protocol}: a fraction of a millisecond is rounded up on the wire`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol);
      // What is left when it is sent depends on the clock, which stands still here, at a time without fractions to round.
      const clock = jest.spyOn(performance, "now").mockReturnValue(Math.ceil(performance.now()));
      try {
        await auth.listMyRefreshTokens({}, { timeoutMs: 3999.5 });
        await auth.listMyRefreshTokens({}, { timeoutMs: 3_600_000 });
      } finally {
        clock.mockRestore();
      }
      const sent = server.requests.map(({ headers }) => headers["grpc-timeout"]);
      expect(sent).toEqual(["4000m", "3600000m"]);
    });

    test(`${protocol}: a missing organization that nobody named is the deadline, and no denial`, async () => {
      const missing = [errorDetail("AUTH-Bs7Ds", "Organisation doesn't exist")];
      const denial = errorAnswer(protocol, Code.PermissionDenied, { details: missing });
      const left = { now: 0 };
      // Held until the deadline is close, or not at all.
      await using server = await startAnswerServer(protocol, () => ({ ...denial, delayMs: left.now }));
      const codes: (Code | undefined)[] = [];
      const onAttempt = ({ code }: Attempt) => codes.push(code);
      await using auth = rowClient(server, protocol, { timeoutMs: 1000, onAttempt });
      const denied = { code: Code.PermissionDenied, fromServer: true, attempts: 1 };
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), denied);
      left.now = 920;
      const { error } = await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
        code: Code.DeadlineExceeded,
        attempts: 1,
      });
      expect(error?.message).toMatch(/the deadline of 1000 ms passed/);
      // Unless the machine was so slow that the answer did not come in time.
      if (codes[1] === Code.PermissionDenied) expect(error?.cause).toMatchObject({ code: Code.PermissionDenied });
      const headers = { "x-zitadel-orgid": "69629023906488334" };
      left.now = 0;
      await expectOutcome((options) => auth.listMyRefreshTokens({}, { ...options, headers }), denied);
      expect(server.requests).toHaveLength(3);
    });

    test(`${protocol}: a server that wants to be left alone for 30 days is, without a deadline`, async () => {
      const month = String(30 * 24 * 3600);
      await using server = await startAnswerServer(protocol, () =>
        protocol === "grpc"
          ? errorAnswer(protocol, Code.Unavailable, { details: [retryInfo(30 * 24 * 3_600_000)] })
          : { status: 503, headers: { "retry-after": month, "content-type": "text/html" } },
      );
      await using auth = rowClient(server, protocol, { timeoutMs: false });
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
        code: Code.Unavailable,
        fromServer: protocol === "grpc",
        attempts: 1,
      });
      await turns(20);
      expect(server.requests).toHaveLength(1);
    });

    test(`${protocol}: a deadline within an interceptor is told in whole milliseconds`, async () => {
      await using server = await startAnswerServer(protocol, () => ({ stall: "before-head" }));
      const bound: Interceptor = (next) => (request) => next({ ...request, signal: new AbortController().signal });
      await using auth = rowClient(server, protocol, { timeoutMs: 125.7, interceptors: [bound] });
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
        code: Code.DeadlineExceeded,
        message: /the deadline of 126 ms passed/,
      });
    });

    test(`${protocol}: timeoutMs: false sets no deadline and sends no grpc-timeout`, async () => {
      await using server = await startAnswerServer(protocol, () => ({ ...okAnswer(protocol), delayMs: 50 }));
      await using auth = rowClient(server, protocol, { timeoutMs: false });
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), { code: "ok" });
      expect(server.requests[0]?.headers["grpc-timeout"]).toBeUndefined();
    });
  }
});

describe("cancellation", () => {
  for (const protocol of all) {
    test(`${protocol}: cancelled before the call, nothing is opened or asked`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      let asked = 0;
      const token = () => {
        asked++;
        return canaryToken;
      };
      await using auth = rowClient(server, protocol, { token });
      const reason = new Error("changed my mind");
      await expectOutcome(() => auth.listMyRefreshTokens({}, { signal: AbortSignal.abort(reason) }), {
        code: Code.Canceled,
        attempts: 0,
      });
      expect(asked).toBe(0);
      expect(server.connections).toBe(0);
    });

    test(`${protocol}: cancelled while connecting`, async () => {
      await using peer = await silentPeer();
      await using auth = rowClient(peer, protocol);
      const caller = new AbortController();
      const call = auth.listMyRefreshTokens({}, { signal: caller.signal });
      call.catch(() => undefined);
      await peer.connected;
      caller.abort();
      await expectOutcome(() => call, { code: Code.Canceled });
      expect(getEventListeners(caller.signal, "abort")).toEqual([]);
    });

    for (const where of ["before the head", "in the body"]) {
      test(`${protocol}: cancelled while waiting ${where}, the server hears of it`, async () => {
        const arrived = deferred<void>();
        await using server = await startAnswerServer(protocol, () => {
          arrived.resolve();
          return where === "in the body" ? partly(protocol, 3) : { stall: "before-head" };
        });
        await using auth = rowClient(server, protocol);
        const caller = new AbortController();
        const call = auth.listMyRefreshTokens({}, { signal: caller.signal });
        call.catch(() => undefined);
        await arrived.promise;
        await turns(20);
        caller.abort();
        await expectOutcome(() => call, { code: Code.Canceled, attempts: 1 });
        const over = await server.requests[0]?.over;
        expect(over).toEqual(protocol === "grpc" ? { rstCode: 8, cut: true } : { cut: true });
        expect(getEventListeners(caller.signal, "abort")).toEqual([]);
      });
    }

    test(`${protocol}: cancelled in the backoff`, async () => {
      await using server = await startAnswerServer(protocol, () => errorAnswer(protocol, Code.Unavailable));
      const attempted = deferred<void>();
      await using auth = rowClient(server, protocol, {
        timeoutMs: 60_000,
        retry: { initialBackoffMs: 30_000, maxBackoffMs: 30_000 },
        onAttempt: () => attempted.resolve(),
      });
      const caller = new AbortController();
      // Looked at before the wait begins, so that its timer counts among what must be gone.
      await expectOutcome(
        async () => {
          const call = auth.listMyRefreshTokens({}, { signal: caller.signal });
          call.catch(() => undefined);
          await attempted.promise;
          await turns(20);
          caller.abort();
          return call;
        },
        { code: Code.Canceled, attempts: 1 },
      );
      expect(server.requests).toHaveLength(1);
    });

    test(`${protocol}: cancelled in the token provider, whose signal aborts`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      const asked = deferred<AbortSignal>();
      await using auth = rowClient(server, protocol, {
        token: ({ signal }) => {
          asked.resolve(signal);
          return new Promise(() => undefined);
        },
      });
      const caller = new AbortController();
      const call = auth.listMyRefreshTokens({}, { signal: caller.signal });
      call.catch(() => undefined);
      const signal = await asked.promise;
      expect(signal.aborted).toBe(false);
      caller.abort();
      await expectOutcome(() => call, { code: Code.Canceled, attempts: 0 });
      expect(signal.aborted).toBe(true);
      expect(server.connections).toBe(0);
    });

    test(`${protocol}: cancelled after the call, nothing happens`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol);
      const caller = new AbortController();
      await expectOutcome(
        async () => {
          const { result } = await auth.listMyRefreshTokens({}, { signal: caller.signal });
          caller.abort();
          await turns(20);
          expect(result).toHaveLength(1);
        },
        { code: "ok" },
      );
    });

    const reasons: { name: string; reason: unknown }[] = [
      { name: "an Error", reason: new Error("changed my mind") },
      { name: "a string", reason: "changed my mind" },
      { name: "a DOMException", reason: new DOMException("changed my mind", "AbortError") },
      { name: "nothing", reason: undefined },
    ];
    for (const { name, reason } of reasons) {
      test(`${protocol}: ${name} as reason is the cause of Canceled`, async () => {
        await using server = await startAnswerServer(protocol, () => ({ stall: "before-head" }));
        await using auth = rowClient(server, protocol);
        const caller = new AbortController();
        const call = auth.listMyRefreshTokens({}, { signal: caller.signal });
        call.catch(() => undefined);
        await until(() => server.requests.length === 1, "the request did not arrive");
        caller.abort(reason);
        const { error } = await expectOutcome(() => call, { code: Code.Canceled, attempts: 1 });
        expect(error?.cause).toBe(caller.signal.reason);
      });
    }

    test(`${protocol}: the caller's AbortSignal.timeout is DeadlineExceeded`, async () => {
      await using server = await startAnswerServer(protocol, () => ({ stall: "before-head" }));
      await using auth = rowClient(server, protocol);
      await expectOutcome(() => auth.listMyRefreshTokens({}, { signal: AbortSignal.timeout(50) }), {
        code: Code.DeadlineExceeded,
        attempts: 1,
      });
    });

    test(`${protocol}: a signal shared by 1,000 calls keeps no listener and warns of none`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol);
      const { signal } = new AbortController();
      const stray = collectStray();
      for (let done = 0; done < 1000; done += 50) {
        await Promise.all(Array.from({ length: 50 }, () => auth.listMyRefreshTokens({}, { signal })));
      }
      await turns(4);
      stray.stop();
      expect(stray.seen).toEqual([]);
      expect(getEventListeners(signal, "abort")).toEqual([]);
      expect(server.requests).toHaveLength(1000);
    });
  }
});

describe("ending", () => {
  test("grpc: a process with an idle connection ends by itself", async () => {
    await using server = await startAnswerServer("grpc", () => okAnswer("grpc"));
    const entry = new URL("../../src/node.js", import.meta.url).href;
    const script = `
      const { createAuthClient } = await import(${JSON.stringify(entry)});
      const auth = createAuthClient({ baseUrl: ${JSON.stringify(server.baseUrl)} });
      const { result } = await auth.listMyRefreshTokens({});
      console.log(result.length);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--no-warnings"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let printed = "";
    let printedAt = 0;
    child.stdout.on("data", (chunk) => {
      printed += chunk;
      printedAt = performance.now();
    });
    child.stdin.end(script);
    // Far below the 50 s after which an idle session is closed.
    const guard = setTimeout(() => child.kill(), 15_000);
    const [code] = (await once(child, "exit")) as [number | null];
    clearTimeout(guard);
    expect({ code, printed }).toEqual({ code: 0, printed: "1\n" });
    expect(performance.now() - printedAt).toBeLessThan(5000);
  }, 20_000);

  for (const protocol of all) {
    test(`${protocol}: close() cancels calls in flight and refuses later ones`, async () => {
      await using server = await startAnswerServer(protocol, () => ({ stall: "before-head" }));
      const auth = rowClient(server, protocol);
      const calls = [auth.listMyRefreshTokens({}), auth.listMyRefreshTokens({})];
      for (const call of calls) call.catch(() => undefined);
      await until(() => server.requests.length === 2, "the requests did not arrive");
      await auth.close();
      for (const call of calls) await expectOutcome(() => call, { code: Code.Canceled, attempts: 1 });
      const before = server.connections;
      expect(await rejection(auth.listMyRefreshTokens({}))).toBeInstanceOf(TypeError);
      await auth.close();
      expect(server.connections).toBe(before);
    });

    test(`${protocol}: close() cancels a call in its backoff and one in its token provider`, async () => {
      await using server = await startAnswerServer(protocol, () => errorAnswer(protocol, Code.Unavailable));
      const attempted = deferred<void>();
      const asked = deferred<void>();
      let first = true;
      const auth = rowClient(server, protocol, {
        retry: { initialBackoffMs: 30_000, maxBackoffMs: 30_000 },
        timeoutMs: 60_000,
        onAttempt: () => attempted.resolve(),
        token: () => {
          if (first) {
            first = false;
            return canaryToken;
          }
          asked.resolve();
          return new Promise(() => undefined);
        },
      });
      const waiting = auth.listMyRefreshTokens({});
      waiting.catch(() => undefined);
      await attempted.promise;
      const asking = auth.listMyRefreshTokens({});
      asking.catch(() => undefined);
      await asked.promise;
      await turns(4);
      await auth.close();
      await expectOutcome(() => waiting, { code: Code.Canceled });
      await expectOutcome(() => asking, { code: Code.Canceled });
      expect(server.requests).toHaveLength(1);
    });
  }

  for (const protocol of all) {
    test(`${protocol}: a rejection after the deadline is nobody's unhandled rejection`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      const late = deferred<string>();
      await using auth = rowClient(server, protocol, { token: () => late.promise, timeoutMs: 50 });
      const stray = collectStray();
      const error = await rejection(auth.listMyRefreshTokens({}));
      late.reject(new Error("too late"));
      await turns(10);
      stray.stop();
      expect(error).toBeInstanceOf(ConnectError);
      expect((error as ConnectError).code).toBe(Code.DeadlineExceeded);
      expect(stray.seen).toEqual([]);
    });

    test(`${protocol}: an interceptor that rejects after the deadline leaves nothing unhandled`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      const late = deferred<never>();
      await using auth = rowClient(server, protocol, { timeoutMs: 50, interceptors: [() => () => late.promise] });
      await expectOutcome(
        async (options) => {
          const error = await rejection(auth.listMyRefreshTokens({}, options));
          late.reject(new Error("too late"));
          await turns(10);
          throw error;
        },
        { code: Code.DeadlineExceeded, attempts: 0 },
      );
    });

    test(`${protocol}: an interceptor that never settles meets the deadline`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol, {
        timeoutMs: 100,
        interceptors: [() => () => new Promise(() => undefined)],
      });
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
        code: Code.DeadlineExceeded,
        attempts: 0,
      });
      expect(server.connections).toBe(0);
    });
  }

  for (const protocol of ["grpcWeb", "rest"] as const) {
    test(`${protocol}: a fetch that never settles meets the deadline`, async () => {
      await using auth = rowClient({ baseUrl: "http://127.0.0.1:1" }, protocol, {
        timeoutMs: 100,
        fetch: () => new Promise(() => undefined),
      });
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
        code: Code.DeadlineExceeded,
        attempts: 1,
      });
    });

    test(`${protocol}: a fetch that rejects after the deadline leaves nothing unhandled`, async () => {
      const late = deferred<Response>();
      await using auth = rowClient({ baseUrl: "http://127.0.0.1:1" }, protocol, {
        timeoutMs: 50,
        fetch: () => late.promise,
      });
      await expectOutcome(
        async (options) => {
          const error = await rejection(auth.listMyRefreshTokens({}, options));
          late.reject(new TypeError("fetch failed"));
          await turns(10);
          throw error;
        },
        { code: Code.DeadlineExceeded, attempts: 1 },
      );
    });
  }
});

function stallRows(): AnswerRow[] {
  const want = { code: Code.DeadlineExceeded };
  const options = { timeoutMs: deadlineMs };
  return [
    { name: "no head, ever", on: all, options, answer: () => ({ stall: "before-head" }), want },
    { name: "a head and nothing more", on: all, options, answer: (protocol) => partly(protocol, 0), want },
    { name: "half a message", on: all, options, answer: (protocol) => partly(protocol, 12), want },
    {
      name: "a message without its trailers",
      on: ["grpc", "grpcWeb"],
      options,
      answer: (protocol) => grpcAnswer(protocol, { frames: [frame(listBytes)], trailers: false, stall: "after-body" }),
      want,
    },
    {
      name: "a whole JSON body that does not end",
      on: ["rest"],
      options,
      answer: () => ({ ...jsonAnswer(listJson), stall: "after-body" }),
      want,
    },
    {
      name: "one byte every 100 ms",
      on: all,
      options,
      answer: (protocol) => ({ ...okAnswer(protocol), dripMs: 100 }),
      want,
    },
  ];
}

/** A peer that accepts and says nothing. */
async function silentPeer() {
  const connected = deferred<void>();
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    connected.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    connected: connected.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("a deadline that passes while the thread is blocked", () => {
  /** Keeps the thread from listening. */
  function block(ms: number): void {
    for (const end = performance.now() + ms; performance.now() < end; );
  }

  for (const route of everyRoute) {
    for (const tls of [undefined, certificate("server")]) {
      // `fetch` takes no authority of ours.
      if (tls && !overHttp2.includes(route)) continue;
      test(`does not win over an answer that is there, over ${tls ? "TLS" : "cleartext"}, ${route}`, async () => {
        let blockMs = 0;
        await using server = await startRaw(route, {
          ...(tls && { tls }),
          onRequest(one) {
            one.ok();
            block(blockMs);
          },
        });
        await using client = clientFor(route, { baseUrl: server.url, http2: { tls: { ca } }, retry: false });
        await client.listMyRefreshTokens({});
        blockMs = 400;
        await expectOutcome((options) => client.listMyRefreshTokens({}, { ...options, timeoutMs: 150 }), {
          code: "ok",
        });
      });
    }
  }

  test("is told as ever where there is none", async () => {
    await using server = await startRaw("grpc", { onRequest: () => block(400) });
    await using client = clientFor("grpc", { baseUrl: server.url, retry: false });
    const expected = { code: Code.DeadlineExceeded, attempts: 1 };
    await expectOutcome((options) => client.listMyRefreshTokens({}, { ...options, timeoutMs: 150 }), expected);
  });
});
