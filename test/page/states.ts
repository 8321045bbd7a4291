import type { Page } from "playwright-core";
import { Code } from "../../src/node.js";
import type { LocalRefreshTokenOptions, LocalZitadel, LocalZitadelOptions } from "../../src/testing.js";

/** A state of the page: how the server is, and what a person does until it shows. */
export interface State {
  readonly options?: LocalZitadelOptions;
  readonly enter?: (page: Page, zitadel: LocalZitadel) => Promise<void>;
  /** A selector of what shows then. */
  readonly shows: string;
}

const dayMs = 86_400_000;
const apps = ["portal", "mobile", "mail", "notes", "command-line", "wiki", "crm", "build-server"];

/** So many tokens of some apps, of every age and state. */
export function manyTokens(count: number): LocalRefreshTokenOptions[] {
  return Array.from({ length: count }, (_, i) => {
    const usedMs = ((i * 7919) % 4200) * 900_000;
    const signedInMs = usedMs + ((i * 104_729) % 60) * dayMs;
    return {
      clientId: `3200100000000000${10 + (i % apps.length)}@${apps[i % apps.length]}`,
      authTime: new Date(Date.now() - signedInMs),
      changeDate: new Date(Date.now() - usedMs),
    };
  });
}

const long = "x".repeat(10_000);

/** Text that would do harm, or take room, if it were taken for anything but text. */
export const hostileTexts = [
  `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`,
  `"><svg onload=alert(1)><style>*{display:none}</style>`,
  "user\u202Egnp.exe\u2066\u200F\u0000\u001b[31m",
  long,
  "مرحبا بالعالم تطبيق الويب",
  "javascript:alert(1)",
  `\${7*7}{{7*7}}</title></textarea>`,
  "__proto__",
];

export const hostileTokens: readonly LocalRefreshTokenOptions[] = hostileTexts.map((text, i) => ({
  id: text === long ? "y".repeat(200) : `${text}${i}`,
  clientId: text,
  scopes: [text, ...hostileTexts.slice(0, 3)],
  audience: [text],
  ...(i === 0 && { idleExpiration: "9999-12-31T23:59:59.999999999Z", expiration: "9999-12-31T23:59:59Z" }),
  ...(i === 1 && { authTime: "0001-01-01T00:00:01Z", changeDate: "0001-01-01T00:00:01Z" }),
}));

const listed = "#list > li";

/** Every state that the page has. */
export const states: Readonly<Record<string, State>> = {
  loaded: { shows: listed },
  loading: { options: { faults: [{ kind: "hang" }] }, shows: "#loading" },
  empty: { options: { users: [{ refreshTokens: [] }] }, shows: "#empty" },
  error: { options: { faults: [{ kind: "html", status: 502, times: Number.POSITIVE_INFINITY }] }, shows: "#problem" },
  offline: {
    enter: async (page) => {
      await page.locator(listed).first().waitFor();
      await page.context().setOffline(true);
    },
    shows: "#offline:not(:empty)",
  },
  "token-expired": {
    options: { faults: [{ kind: "expired-once", times: Number.POSITIVE_INFINITY }] },
    shows: "#other-token",
  },
  "refused-rest": {
    options: { users: [{ allowedOrigins: ["https://app.example.com"] }] },
    enter: async (page) => {
      await page.getByText("REST", { exact: true }).click();
    },
    shows: "#to-grpc-web",
  },
  confirm: {
    enter: async (page) => {
      await page.getByRole("button", { name: "Revoke all others" }).click();
    },
    shows: "#confirm[open]",
  },
  "revoked-but-listed": {
    options: { lagMs: 60_000 },
    enter: async (page) => {
      await page.getByRole("button", { name: "Revoke mobile" }).first().click();
      await page.locator("#confirm-revoke").click();
    },
    shows: ".revoked",
  },
  "not-revoked": {
    options: { faults: [{ kind: "status", code: Code.PermissionDenied, method: "RevokeMyRefreshToken" }] },
    enter: async (page) => {
      await page.getByRole("button", { name: "Revoke mobile" }).first().click();
      await page.locator("#confirm-revoke").click();
    },
    shows: ".note:not([hidden])",
  },
  selected: {
    enter: async (page) => {
      for (const n of [1, 3]) await page.locator("#list input").nth(n).check();
    },
    shows: "#revoke-selected[aria-disabled=false]",
  },
  "no-match": {
    enter: async (page) => {
      await page.locator("#search").fill("no such app");
    },
    shows: "#no-match",
  },
  details: {
    enter: async (page) => {
      await page.locator("#list summary").nth(1).click();
    },
    shows: "#list details[open] dd",
  },
  request: {
    options: { faults: [{ kind: "status", code: Code.Unavailable, times: 2 }] },
    enter: async (page) => {
      await page.locator(listed).first().waitFor();
      await page.locator("#request > summary").click();
      await page.locator("#request").scrollIntoViewIfNeeded();
    },
    shows: "#request-facts dd",
  },
  "other-instance": {
    enter: async (page) => {
      await page.locator("#other").click();
    },
    shows: "#instance[open]",
  },
  thousand: { options: { users: [{ refreshTokens: manyTokens(1201) }] }, shows: "#truncated" },
  hostile: { options: { users: [{ refreshTokens: hostileTokens }] }, shows: listed },
};

/** Brings a page that has been opened with the state's options into the state. */
export async function enterState(state: State, page: Page, zitadel: LocalZitadel): Promise<void> {
  await state.enter?.(page, zitadel);
  await page.locator(state.shows).first().waitFor();
}
