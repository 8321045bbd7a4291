import type { IncomingMessage } from "node:http";
import { connectionOptions } from "../connect/open-client.js";
import { createAgent, http2Settings, moduleFor } from "../library.js";
import { type Target, withTimeout } from "./target.js";

/** An answer over HTTP/1.1. */
export interface ProbeAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Its first characters. */
  readonly body: string;
  readonly ms: number;
}

const maxBodyLength = 1_024;

/** Sends a request without a token over HTTP/1.1, on a connection of its own. */
export async function probe(
  target: Target,
  method: "GET" | "OPTIONS",
  path: string,
  headers: Record<string, string> = {},
): Promise<ProbeAnswer> {
  const { origin, ca, proxy } = target;
  // The step has a time of its own.
  const settings = http2Settings({ ...(await connectionOptions(ca, proxy)), connectTimeoutMs: 3_600_000 });
  const agent = createAgent(new URL(origin), settings);
  const startedAt = performance.now();
  const ask = (stop: AbortSignal) =>
    new Promise<ProbeAnswer>((resolve, reject) => {
      const sent = moduleFor(new URL(origin)).request(new URL(origin + path), { method, headers, agent }, (answer) => {
        let body = "";
        const finish = () => {
          const { statusCode: status = 0, headers: fields } = answer;
          resolve({ status, headers: fields, body, ms: performance.now() - startedAt });
        };
        answer.setEncoding("utf8");
        answer.on("data", (text: string) => {
          body += text.slice(0, maxBodyLength);
          if (body.length >= maxBodyLength) finish();
        });
        answer.on("end", finish);
        answer.on("error", reject);
      });
      // Of a failed dial the agent tells as the library does, with the system's error as the cause.
      sent.on("error", (error) => reject((error.cause as Error | undefined) ?? error));
      sent.end();
      stop.addEventListener("abort", () => agent.close());
    });
  return withTimeout(target, ask);
}
