import { deviceOf } from "../../element/names.js";
import type { RefreshTokenView, SignIn } from "../../node.js";
import { relativeTime } from "../in-words.js";
import type { Cell, Column } from "./table.js";
import { escapeText, type Style, textWidth } from "./text.js";

/** A sign-in of either kind in the words of the command. What is not known of it is empty. */
export function rowOf(signIn: SignIn) {
  const { id, state } = signIn;
  if (signIn.kind === "refreshToken") {
    const { clientId: name, lastUsedAt: lastActive, usableUntil: until } = signIn;
    return { id, kind: "refresh token", name, address: "", state, lastActive, until, factors: "" };
  }
  const { isCurrent, address = "", factors, changedAt: lastActive, expiresAt: until } = signIn;
  const kind = isCurrent ? "current session" : "session";
  // Such as `Firefox on Linux`.
  const name = deviceOf(signIn).filter(Boolean).join(" on ") || "unknown device";
  return { id, kind, name, address, state, lastActive, until, factors: factors.join(", ") };
}

/** The columns of a table of sign-ins. The id stays whole on the narrowest terminal: it is what `end` takes. */
export function signInColumns(signIns: readonly SignIn[], now: number): Column[] {
  const column = columnOf(signIns.map(rowOf), now);
  return [
    column("ID", ({ id }) => id),
    column("KIND", ({ kind }) => ({ text: kind, ...(kind === "current session" && { style: "bold" }) })),
    column("DEVICE OR APP", ({ name }) => name, { minWidth: 14 }),
    column("ADDRESS", ({ address }) => address, { dropOrder: 2 }),
    column("STATE", stateCell),
    column("LAST ACTIVE", ({ lastActive }) => lastActive),
    column("UNTIL", ({ until }) => until, { dropOrder: 1 }),
    column("SIGNED IN WITH", ({ factors }) => factors, { dropOrder: 3 }),
  ];
}

/** The columns where there are only tokens, in the order of what people came for: which app, until when. */
export function tokenColumns(tokens: readonly RefreshTokenView[], now: number): Column[] {
  const column = columnOf(tokens, now);
  return [
    column("ID", ({ id }) => id),
    column("APP", ({ clientId }) => appCell(escapeText(clientId)), { minWidth: 12 }),
    column("STATE", stateCell),
    column("USABLE UNTIL", ({ usableUntil }) => usableUntil),
    column("LAST USED", ({ lastUsedAt }) => lastUsedAt, { dropOrder: 1 }),
    column("SIGNED IN", ({ signedInAt }) => signedInAt, { dropOrder: 2 }),
    column("SCOPES", ({ scopes }) => scopesCell(scopes.map(escapeText)), { minWidth: 18, dropOrder: 3 }),
  ];
}

type Value = string | Date | Cell | undefined;

/** What makes columns of these rows. Times are told from now; a dash stands for what is not known. */
function columnOf<Row>(rows: readonly Row[], now: number) {
  const cellOf = (value: Value): Cell => {
    if (value instanceof Date) return { text: relativeTime(value, now) };
    return typeof value === "object" ? value : { text: escapeText(value || "-") };
  };
  return (title: string, value: (row: Row) => Value, room: Pick<Column, "minWidth" | "dropOrder"> = {}): Column => ({
    title,
    cells: rows.map(value).map(cellOf),
    ...room,
  });
}

const stateStyles: Record<SignIn["state"], Style> = {
  active: "green",
  "idle-expired": "yellow",
  unfinished: "yellow",
  expired: "dim",
};

function stateCell({ state }: Pick<SignIn, "state">): Cell {
  return { text: state, style: stateStyles[state] };
}

// Of `320010000000000011@portal` people know what comes after the number.
function appCell(clientId: string): Cell {
  const name = clientId.lastIndexOf("@");
  if (name < 0) return { text: clientId };
  const shorten = (width: number) => {
    const rest = clientId.slice(name);
    const kept = width - 1 - textWidth(rest);
    return kept >= 0 ? `${clientId.slice(0, kept)}…${rest}` : clientId.slice(name + 1);
  };
  return { text: clientId, shorten };
}

function scopesCell(scopes: readonly string[]): Cell {
  const short = scopes.map((scope) => scope.replace(/^urn:zitadel:iam:.*?((?:[^:]+:)?[^:]+)$/, "…$1"));
  const shorten = (width: number) => {
    for (let count = short.length - 1; count > 0; count--) {
      const text = `${short.slice(0, count).join(" ")} +${short.length - count}`;
      if (textWidth(text) <= width) return text;
    }
    return short.join(" ");
  };
  return { text: short.join(" "), shorten };
}
