import type { DescMethodUnary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { type CallState, createRetryPolicy, next, type Step } from "../../src/call/next-step.js";
import { type FailureNote, failure } from "../../src/failure.js";
import { RestService } from "../gen/rest_pb.js";

const {
  listMyRefreshTokens: list,
  revokeMyRefreshToken: revoke,
  revokeAllMyRefreshTokens: revokeAll,
} = AuthService.method;
const unsafe: DescMethodUnary = RestService.method.setName;

const fresh: CallState = {
  method: list,
  metadata: {},
  policy: createRetryPolicy(undefined),
  remainingMs: 10_000,
  answeredMsAgo: Number.POSITIVE_INFINITY,
  jitter: 1,
  retries: 0,
  counted: 0,
  mayRefresh: true,
  mayResend: true,
};

type Error = readonly [code: Code, note?: FailureNote, message?: string];
const down: Error = [Code.Unavailable, { repeat: "maybe-applied" }];
const unsent: Error = [Code.Unavailable, { repeat: "not-sent" }];
const closed: Error = [Code.Unavailable, { repeat: "not-sent", reason: "connect-refused" }];
const refused: Error = [Code.Unavailable, { repeat: "refused" }];
const gone: Error = [Code.NotFound, {}, "Refresh Token not found (COMMAND-BHt2w)"];
const noneLeft: Error = [Code.InvalidArgument, {}, "ID missing (COMMAND-Gfj42)"];
const noOrg: Error = [Code.PermissionDenied, {}, "Organisation doesn't exist (AUTH-Bs7Ds)"];

const cancelled: Error = [Code.Canceled, { reason: "rst-cancel", fromServer: true }];

const near = { remainingMs: 100 };
const wait = (ms: number, isCounted = true): Step => ({ do: "wait", ms, isCounted });
const fail: Step = { do: "fail" };
const off = { policy: undefined };
const month = 30 * 24 * 3_600_000;
const forEver = { remainingMs: Number.POSITIVE_INFINITY };

const rows: readonly (readonly [name: string, Error, Partial<CallState>, Step])[] = [
  ["a rejected token is refreshed", [Code.Unauthenticated], {}, { do: "refresh" }],
  ["one that was refreshed is not again", [Code.Unauthenticated], { mayRefresh: false }, fail],
  ["a refresh needs no policy", [Code.Unauthenticated], off, { do: "refresh" }],
  ["a denial is no matter of the token", [Code.PermissionDenied], {}, fail],
  ["what the server did not take is sent again at once", refused, {}, { do: "resend" }],
  ["also with retries off", refused, off, { do: "resend" }],
  ["also what is not safe to repeat", refused, { method: unsafe }, { do: "resend" }],
  ["once", refused, { mayResend: false }, wait(100)],
  ["and once only with retries off", refused, { mayResend: false, ...off }, fail],
  ["Unavailable waits", down, {}, wait(100)],
  ["longer the second time", down, { retries: 1 }, wait(200)],
  ["and the third", down, { retries: 2 }, wait(400)],
  ["four attempts are all", down, { retries: 3, counted: 3 }, fail],
  ["each wait varies", down, { jitter: 1.2 }, wait(120)],
  ["up to the longest", down, { policy: createRetryPolicy({ maxBackoffMs: 150 }), retries: 2 }, wait(150)],
  ["nothing waits with retries off", down, off, fail],
  ["nor with one attempt", unsent, { policy: createRetryPolicy({ maxAttempts: 1 }), answeredMsAgo: 1 }, fail],
  ["a revoke is safe to repeat", down, { method: revoke }, wait(100)],
  ["what is not safe is not repeated", down, { method: unsafe }, fail],
  ["unless it was not sent", unsent, { method: unsafe }, wait(100)],
  [
    "a name that is not found is looked up once more",
    [Code.Unavailable, { repeat: "not-sent", maxRetries: 1 }],
    { retries: 1 },
    fail,
  ],
  ["a port that never answered is given up", closed, { retries: 3, counted: 3 }, fail],
  [
    "one that has just answered is waited for",
    closed,
    { retries: 3, counted: 3, answeredMsAgo: 4000 },
    wait(800, false),
  ],
  [
    "but in no busy loop, whatever the policy says",
    closed,
    { policy: createRetryPolicy({ initialBackoffMs: 1 }), answeredMsAgo: 1 },
    wait(50, false),
  ],
  ["for so long", closed, { retries: 3, counted: 3, answeredMsAgo: 6000 }, fail],
  ["and those waits are no attempts of the policy's", down, { retries: 3, counted: 0 }, wait(800)],
  ["but not after it took the request", down, { retries: 3, counted: 3, answeredMsAgo: 1 }, fail],
  ["nor if it asked for calm", unsent, { retries: 3, counted: 3, answeredMsAgo: 1 }, fail],
  ["the server's wish is a wait", [Code.Unavailable, { repeat: "maybe-applied", pushbackMs: 7 }], {}, wait(7)],
  [
    "after too many requests a second passes",
    [Code.Unavailable, { repeat: "maybe-applied", minWaitMs: 1000 }],
    {},
    wait(1000),
  ],
  [
    "more or less, so that clients do not come back at one time",
    [Code.Unavailable, { repeat: "maybe-applied", minWaitMs: 1000 }],
    { jitter: 0.8 },
    wait(800),
  ],
  [
    "unless the policy waits longer",
    [Code.Unavailable, { repeat: "maybe-applied", minWaitMs: 1000 }],
    { policy: createRetryPolicy({ initialBackoffMs: 3000, maxBackoffMs: 3000 }) },
    wait(3000),
  ],
  [
    "or the server says when",
    [Code.Unavailable, { repeat: "maybe-applied", minWaitMs: 1000, pushbackMs: 5 }],
    {},
    wait(5),
  ],
  [
    "never is never",
    [Code.Unavailable, { repeat: "maybe-applied", pushbackMs: Number.POSITIVE_INFINITY }],
    forEver,
    fail,
  ],
  ["a wait past the deadline is none", down, { remainingMs: 100 }, fail],
  [
    "a wait past what a timer can is none",
    [Code.Unavailable, { repeat: "maybe-applied", pushbackMs: month }],
    forEver,
    fail,
  ],
  ["what a server refuses for good is not repeated", [Code.Internal, { repeat: "never" }], {}, fail],
  ["a revoke that finds nothing is an error", gone, { method: revoke }, fail],
  ["and on a repeat too: nobody can know who revoked it", gone, { method: revoke, retries: 1, counted: 1 }, fail],
  ["as is none left to revoke", noneLeft, { method: revokeAll, retries: 1, counted: 1 }, fail],
  ["an organization that nobody named is missing at the deadline", noOrg, { remainingMs: 1 }, { do: "expire" }],
  ["or just after it", noOrg, { remainingMs: -1 }, { do: "expire" }],
  ["a stream that the server cancels at the deadline is its copy of the deadline", cancelled, near, { do: "expire" }],
  ["also with retries off", cancelled, { ...near, ...off }, { do: "expire" }],
  ["but not earlier", cancelled, { remainingMs: 101 }, fail],
  ["nor without a deadline", cancelled, forEver, fail],
  ["one that was named may be missing", noOrg, { remainingMs: 1, metadata: { "x-zitadel-orgid": "7" } }, fail],
  ["with time left it is what it says", noOrg, { remainingMs: 5000 }, fail],
  ["another denial is what it says", [Code.PermissionDenied, {}, "no (AUTH-1)"], { remainingMs: 1 }, fail],
];

describe("what follows a failed attempt", () => {
  for (const [name, [code, note = {}, message = "because"], state, step] of rows) {
    test(name, () => {
      expect(next(failure(code, message, { fromServer: true, ...note }), { ...fresh, ...state })).toEqual(step);
    });
  }
});
