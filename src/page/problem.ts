import { type Advice, adviceOn, remedyOf } from "../advice.js";
import { Code, ConnectError, getErrorInfo } from "../web.js";
import { plain } from "./dom.js";

/** A failure in words for people: what it is, and what to do. */
export interface Problem extends Pick<Advice, "title" | "action"> {
  readonly remedy: string;
  /** Whether it is no more than what the browser says itself: that there is no network. */
  readonly offline?: boolean;
  readonly facts: readonly (readonly [name: string, value: string | undefined])[];
}

/** Finds the words for what a call rejected with. */
export function describe(error: unknown): Problem {
  const { code, rawMessage } = ConnectError.from(error);
  const info = getErrorInfo(error);
  const { id, reason, httpStatus, attempts } = info;
  const facts = [
    ["Code", Code[code]],
    ["ZITADEL's id", id],
    ["Reason", reason],
    ["HTTP status", httpStatus?.toString()],
    ["Attempts", attempts.toString()],
    ["Message", rawMessage],
  ] as const;
  if (reason === "network-or-cors" && globalThis.navigator?.onLine === false) {
    return { title: "You are offline", remedy: "Try again when you are back.", offline: true, facts };
  }
  const advice = adviceOn({ ...info, code }, rawMessage);
  const { origin = "" } = globalThis.location ?? {};
  const call = { url: origin, protocol: "grpc-web", headers: [] } as const;
  const remedy = (advice.remedyInPage ?? remedyOf(advice, info, call) ?? "try again in a moment")
    .replace("ORIGIN", origin)
    .replace("--url", "the URL");
  return { ...advice, remedy: sentence(remedy), facts };
}

function sentence(clause: string): string {
  return clause.replace(/^./, (first) => first.toUpperCase()) + (clause.endsWith("?") ? "" : ".");
}

/** The same in one line. */
export function summarize(error: unknown): string {
  if (!(error instanceof ConnectError)) return (error as Error).message;
  const { title, remedy, facts } = describe(error);
  const codes = facts.slice(0, 2).flatMap(([, value]) => value ?? []);
  return `${title} (${plain(codes.join(", "))}). ${remedy}`;
}
