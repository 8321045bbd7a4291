import type { RefreshTokenView } from "../../node.js";
import { columnsOf, stateStyles } from "./columns-of.js";
import type { Cell, Column } from "./table.js";
import { escapeText, textWidth } from "./text.js";

/**
 * The columns of a table of tokens, in the order of what people came for: which app, until when. The id stays whole on
 * the narrowest terminal: it is what `revoke` takes.
 */
export function tokenColumns(tokens: readonly RefreshTokenView[], now: number): Column[] {
  const { column, time } = columnsOf(tokens, now);
  return [
    column("ID", ({ id }) => ({ text: escapeText(id) })),
    { ...column("APP", ({ clientId }) => appCell(escapeText(clientId))), minWidth: 12 },
    column("STATE", ({ state }) => ({ text: state, style: stateStyles[state] })),
    time("USABLE UNTIL", ({ usableUntil }) => usableUntil),
    { ...time("LAST USED", ({ lastUsedAt }) => lastUsedAt), dropOrder: 1 },
    { ...time("SIGNED IN", ({ signedInAt }) => signedInAt), dropOrder: 2 },
    { ...column("SCOPES", ({ scopes }) => scopesCell(scopes.map(escapeText))), minWidth: 18, dropOrder: 3 },
  ];
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
