import type { RefreshTokenState, RefreshTokenView } from "../web.js";

type Sort = "lastUsedAt" | "usableUntil" | "signedInAt" | "clientId";

/** What the person wants to see. Empty: everything. */
export interface Query {
  readonly text: string;
  readonly state: RefreshTokenState | "";
  readonly clientId: string;
  readonly sort: Sort;
}

/** What comes after the number in `320010000000000011@portal`: the project, which people know. */
export function appName(clientId: string): string {
  return clientId.slice(clientId.lastIndexOf("@") + 1) || clientId || "unknown app";
}

/** The tokens that fit, in the order that was asked for. What has no such time comes last. */
export function arrange(tokens: readonly RefreshTokenView[], query: Query): RefreshTokenView[] {
  const words = query.text.toLowerCase().split(/\s+/);
  return tokens
    .filter(
      (token) =>
        (!query.state || token.state === query.state) &&
        (!query.clientId || token.clientId === query.clientId) &&
        words.every((word) => searchText(token).includes(word)),
    )
    .sort(orders[query.sort]);
}

const searchText = ({ clientId, id, scopes }: RefreshTokenView) =>
  `${clientId} ${id} ${scopes.join(" ")}`.toLowerCase();

type Order = (a: RefreshTokenView, b: RefreshTokenView) => number;

const byTime =
  (name: Exclude<Sort, "clientId">, sign: 1 | -1): Order =>
  (a, b) => {
    const [timeA, timeB] = [a[name], b[name]];
    if (!timeA || !timeB) return Number(!timeA) - Number(!timeB);
    return sign * (timeA.getTime() - timeB.getTime());
  };

const orders: Record<Sort, Order> = {
  lastUsedAt: byTime("lastUsedAt", -1),
  usableUntil: byTime("usableUntil", 1),
  signedInAt: byTime("signedInAt", -1),
  clientId: (a, b) => appName(a.clientId).localeCompare(appName(b.clientId)) || byTime("lastUsedAt", -1)(a, b),
};
