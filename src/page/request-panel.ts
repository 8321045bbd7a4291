import { Code } from "../web.js";
import type { CallRecord } from "./calls.js";
import { byId, el, facts } from "./dom.js";

const protocolNames = { grpcWeb: "gRPC-Web", rest: "REST" };

const milliseconds = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

/** Shows what the last call sent and got. */
export function showRequest(record: CallRecord): void {
  const { attempts, ms } = record;
  const last = attempts.at(-1);
  byId("request-facts").replaceChildren(
    ...facts([
      ["Call", record.name],
      ["Protocol", protocolNames[record.protocol]],
      ["Request", record.request],
      ["Content type", record.contentType],
      ["Answer", record.status && `${record.status}, ${record.answerType}`],
      ["Time", ms === undefined ? "under way" : milliseconds(ms)],
      ["Bytes", last && String(last.bytes)],
      ["Attempts", String(attempts.length)],
    ]),
  );
  const table = byId<HTMLTableElement>("attempts");
  table.hidden = attempts.length < 2;
  table.tBodies[0]?.replaceChildren(
    ...attempts
      .slice(-8)
      .map(({ attempt, code, ms, bytes }) =>
        el(
          "tr",
          {},
          ...[attempt, code === undefined ? "OK" : Code[code], milliseconds(ms), bytes].map((cell) =>
            el("td", {}, String(cell)),
          ),
        ),
      ),
  );
}
