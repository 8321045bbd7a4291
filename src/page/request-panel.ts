import { Code } from "../web.js";
import type { CallRecord } from "./calls.js";
import { byId, facts } from "./dom.js";

const protocolNames = { grpcWeb: "gRPC-Web", rest: "REST" };

/** Shows what the last call sent and got. */
export function showRequest(record: CallRecord): void {
  const { attempts, ms } = record;
  const outcomes = attempts.map(({ code, ms }) => `${code === undefined ? "OK" : Code[code]} after ${ms.toFixed()} ms`);
  byId("request-facts").replaceChildren(
    ...facts([
      ["Call", record.name],
      ["Protocol", protocolNames[record.protocol]],
      ["Request", record.request],
      ["Content type", record.contentType],
      ["Answer", record.status && `${record.status}, ${record.answerType}`],
      ["Time", ms === undefined ? "under way" : `${ms.toFixed(1)} ms`],
      ["Bytes", attempts.at(-1)?.bytes.toString()],
      ["Attempts", `${attempts.length}${attempts.length > 1 ? `: ${outcomes.slice(-8).join(", ")}` : ""}`],
    ]),
  );
}
