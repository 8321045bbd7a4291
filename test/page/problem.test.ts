import { describe, expect, test } from "@jest/globals";
import { Code, ConnectError, createAuthClient, rest } from "../../src/node.js";
import { describe as describeProblem } from "../../src/page/problem.js";
import { type Fault, startLocalZitadel } from "../../src/testing.js";

/** What the page says of a call that meets the fault. */
async function problemOf(fault: Fault, options: { rest?: boolean } = {}) {
  await using zitadel = await startLocalZitadel({ faults: [{ times: Number.POSITIVE_INFINITY, ...fault }] });
  const protocol = options.rest ? { protocol: rest } : {};
  await using auth = createAuthClient({
    baseUrl: zitadel.url,
    token: zitadel.users[0].token,
    retry: false,
    ...protocol,
  });
  return describeProblem(await auth.listMyRefreshTokens({}).catch((error: unknown) => error));
}

describe("the words for a failure", () => {
  for (const [title, fault, options] of [
    ["The access token is no longer accepted", { kind: "expired-once" }],
    ["A second factor is missing", { kind: "status", code: Code.PermissionDenied, id: "AUTHZ-Kl3p0" }],
    ["The instance's quota is used up", { kind: "status", code: Code.ResourceExhausted, id: "QUOTA-vjAy8" }],
    ["The token is gone", { kind: "status", code: Code.NotFound, id: "COMMAND-BHt2w" }],
    ["ZITADEL does not know this address", { kind: "status", code: Code.NotFound }],
    ["ZITADEL is not available", { kind: "status", code: Code.Unavailable }, { rest: true }],
    ["A proxy answered instead of ZITADEL", { kind: "html", status: 503 }, { rest: true }],
    ["Something that is not ZITADEL's API answered", { kind: "html", status: 200 }, { rest: true }],
    ["The call failed", { kind: "status", code: Code.Internal }],
  ] as const) {
    test(`${JSON.stringify(fault)}: ${title}`, async () => {
      const problem = await problemOf(fault, options);
      expect(problem.title).toBe(title);
      expect(problem.remedy).toMatch(/[.?]$/);
    });
  }

  test("come with code, ZITADEL's id, HTTP status, attempts and message", async () => {
    const { facts } = await problemOf({
      kind: "status",
      code: Code.PermissionDenied,
      id: "LIMITS-molsj",
      message: "no",
    });
    expect(Object.fromEntries(facts)).toEqual({
      Code: "PermissionDenied",
      "ZITADEL's id": "LIMITS-molsj",
      Reason: undefined,
      "HTTP status": "200",
      Attempts: "1",
      Message: "no (LIMITS-molsj)",
    });
  });

  test("are there for what is no error of a call", () => {
    expect(describeProblem(new Error("odd"))).toMatchObject({ title: "The call failed" });
    expect(describeProblem(new ConnectError("", Code.DeadlineExceeded))).toMatchObject({ title: "No answer in time" });
  });
});
