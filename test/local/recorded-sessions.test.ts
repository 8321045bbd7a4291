import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import type { LocalSessionOptions, LocalUserOptions } from "../../src/testing.js";
import { type Answer, callRpc, deleteSession, listSessions, protocols } from "./call-rpc.js";
import { start } from "./start-local.js";

interface Row {
  readonly name: string;
  /** Instead of the user: nobody, or the user by a token of the session that is ended on the way. */
  readonly as?: "nobody" | "ended";
  readonly call: string;
  readonly body?: string;
  readonly status: number;
  readonly wwwAuthenticate?: string;
  readonly totalResult?: string;
  /** Ids of the listed ones. */
  readonly sessions?: string[];
  /** Id of the session that is ended. */
  readonly ends?: string;
  readonly answer?: { code: number; message: string; details?: { id: string }[] };
}

interface Listed {
  readonly id: string;
  readonly factors: Record<string, { verifiedAt: string }>;
  readonly userAgent?: { header?: Record<string, { values: string[] }> };
}

// From build/test/local, where this file runs.
const file = new URL("../../../test/fixtures/session-answers.json", import.meta.url);
const recorded: { sessions: Listed[]; answers: Row[] } = JSON.parse(readFileSync(file, "utf8"));
const phone = "401946745933663270";

/** The users of the recorded server: the one who asks, another, and one who came later. */
function recordedUsers(isFirst: boolean): LocalUserOptions[] {
  const sessions = recorded.sessions.map(toOptions);
  const ofAnother = Array.from({ length: 129 }, (_, i) => (i === 0 ? { id: "401946748500577318" } : {}));
  return [
    {
      id: "401946155459546150",
      loginName: "human1",
      displayName: "Human human1",
      resourceOwner: "401946135209511974",
      sessions: isFirst ? sessions.slice(0, 1) : sessions,
    },
    { id: "401946183511051302", sessions: ofAnother },
    { sessions: isFirst ? [] : [{}] },
  ];
}

function toOptions({ factors, userAgent, ...session }: Listed): LocalSessionOptions {
  const header = Object.entries(userAgent?.header ?? {}).map(([name, { values }]) => [name, values]);
  return {
    expirationDate: null,
    ...session,
    factors: Object.fromEntries(Object.entries(factors).map(([name, { verifiedAt }]) => [name, verifiedAt])),
    ...(userAgent && { userAgent: { ...userAgent, header: Object.fromEntries(header) } }),
  };
}

describe("sessions are answered as a genuine ZITADEL did", () => {
  for (const protocol of protocols) {
    test(`over ${protocol}`, async () => {
      const early = await start({ users: recordedUsers(true) });
      const late = await start({ users: recordedUsers(false) });
      for (const [index, row] of recorded.answers.entries()) {
        const { url, users } = index === 0 ? early : late;
        const token = row.as === "nobody" ? undefined : tokenOf(users[0], row);
        const sessionId = /^DELETE .*\/(\d+)$/.exec(row.call)?.[1];
        const method = sessionId ? deleteSession : listSessions;
        const request = { ...JSON.parse(row.body ?? "{}"), ...(sessionId && { sessionId }) };
        const answer = await callRpc(url, protocol, { method, request, token });
        expect({ name: row.name, ...seen(answer, row) }).toEqual({ name: row.name, ...meant(row) });
      }
    });
  }

  test("with HTTP statuses and headers", async () => {
    const { url, users } = await start({ users: recordedUsers(false) });
    for (const row of recorded.answers) {
      const { name, as, call, body = null, status, wwwAuthenticate = null } = row;
      const [method = "", path] = call.split(" ");
      const headers: HeadersInit = as === "nobody" ? {} : { authorization: `Bearer ${tokenOf(users[0], row)}` };
      const answer = await fetch(`${url}${path}`, { method, body, headers });
      expect([name, answer.status, answer.headers.get("www-authenticate")]).toEqual([name, status, wwwAuthenticate]);
    }
  });
});

function tokenOf(user: { token: string; accessTokens: ReadonlyMap<string, string> }, { as }: Row): string | undefined {
  return as === "ended" ? user.accessTokens.get(phone) : user.token;
}

const endedDetails = ["changeDate", "resourceOwner", "sequence"];

function meant(row: Row): object {
  const { answer, ends, sessions = [], totalResult } = row;
  if (answer) return { code: answer.code, text: answer.message, id: answer.details?.[0]?.id };
  if (ends) return { details: endedDetails };
  const rows = sessions.flatMap((id) => recorded.sessions.filter((session) => session.id === id));
  return { totalResult, sessions: hasLimit(row) ? "as many or fewer" : inOrder(rows, row) };
}

function seen(answer: Answer, row: Row): object {
  if (!("message" in answer)) return answer;
  const { details, sessions = [] } = answer.message as unknown as {
    details: Record<string, string>;
    sessions?: Listed[];
  };
  if (row.ends) return { details: Object.keys(details).sort() };
  expect(Object.keys(details).sort()).toEqual(["timestamp", "totalResult"]);
  const fits = hasLimit(row) && sessions.length <= (row.sessions?.length ?? 0);
  return { totalResult: details.totalResult, sessions: fits ? "as many or fewer" : inOrder(sessions, row) };
}

/** Which rows a limit leaves is chance: the server has no order of its own. */
function hasLimit({ body = "" }: Row): boolean {
  return body.includes("limit");
}

function inOrder(sessions: Listed[], { body = "" }: Row): Listed[] {
  return body.includes("sortingColumn") ? sessions : sessions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
