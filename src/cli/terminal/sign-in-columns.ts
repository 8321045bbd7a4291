import { deviceOf } from "../../element/names.js";
import type { SignIn } from "../../node.js";
import { relativeTime } from "../relative-time.js";
import type { Cell, Column } from "./table.js";
import { escapeText, type Style } from "./text.js";

const stateStyles: Record<SignIn["state"], Style> = {
  active: "green",
  "idle-expired": "yellow",
  unfinished: "yellow",
  expired: "dim",
};

/** The columns of a table of sign-ins. The id stays whole on the narrowest terminal: it is what `end` takes. */
export function signInColumns(signIns: readonly SignIn[], now: number): Column[] {
  const column = (title: string, cellOf: (signIn: SignIn) => Cell) => ({ title, cells: signIns.map(cellOf) });
  const time = (title: string, dateOf: (signIn: SignIn) => Date | undefined) =>
    column(title, (signIn) => {
      const date = dateOf(signIn);
      return { text: date ? relativeTime(date, now) : "-" };
    });
  return [
    column("ID", ({ id }) => ({ text: escapeText(id) })),
    column("KIND", (signIn) => ({ text: kindOf(signIn), ...(isCurrent(signIn) && { style: "bold" as const }) })),
    { ...column("DEVICE OR APP", (signIn) => ({ text: escapeText(nameOf(signIn)) })), minWidth: 14 },
    { ...column("ADDRESS", (signIn) => ({ text: escapeText(addressOf(signIn) || "-") })), dropOrder: 2 },
    column("STATE", ({ state }) => ({ text: state, style: stateStyles[state] })),
    time("LAST ACTIVE", lastActiveOf),
    { ...time("UNTIL", untilOf), dropOrder: 1 },
    { ...column("SIGNED IN WITH", (signIn) => ({ text: factorsOf(signIn) || "-" })), dropOrder: 3 },
  ];
}

const isCurrent = (signIn: SignIn) => signIn.kind === "session" && signIn.isCurrent === true;
const addressOf = (signIn: SignIn) => (signIn.kind === "session" ? (signIn.address ?? "") : "");
const factorsOf = (signIn: SignIn) => (signIn.kind === "session" ? signIn.factors.join(", ") : "");

/** What a sign-in is: the caller's own session, another one, or a refresh token. */
export function kindOf(signIn: SignIn): string {
  if (signIn.kind === "refreshToken") return "refresh token";
  return isCurrent(signIn) ? "current session" : "session";
}

/** The device of a session, as `Firefox on Linux`, or the client id of a token's app. */
export function nameOf(signIn: SignIn): string {
  if (signIn.kind === "refreshToken") return signIn.clientId;
  return deviceOf(signIn).filter(Boolean).join(" on ") || "unknown device";
}

export function lastActiveOf(signIn: SignIn): Date | undefined {
  return signIn.kind === "session" ? signIn.changedAt : signIn.lastUsedAt;
}

/** Until when it is of use. */
export function untilOf(signIn: SignIn): Date | undefined {
  return signIn.kind === "session" ? signIn.expiresAt : signIn.usableUntil;
}
