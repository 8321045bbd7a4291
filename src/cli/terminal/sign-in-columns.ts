import { deviceOf } from "../../element/names.js";
import type { SignIn } from "../../node.js";
import { columnsOf, stateStyles } from "./columns-of.js";
import type { Column } from "./table.js";
import { escapeText } from "./text.js";

/** The columns of a table of sign-ins. The id stays whole on the narrowest terminal: it is what `end` takes. */
export function signInColumns(signIns: readonly SignIn[], now: number): Column[] {
  const { column, time } = columnsOf(signIns, now);
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

/** Whether it is known to be the one in use. */
export const isCurrent = (signIn: SignIn) => signIn.kind === "session" && signIn.isCurrent === true;
/** The address of a session, where there is one. */
export const addressOf = (signIn: SignIn) => (signIn.kind === "session" ? (signIn.address ?? "") : "");
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
