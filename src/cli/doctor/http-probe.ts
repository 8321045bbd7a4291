import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { createAgent } from "../connect/agent.js";
import type { Target } from "./target.js";
import { within } from "./within.js";

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
export function probe(
  target: Target,
  method: "GET" | "OPTIONS",
  path: string,
  headers: Record<string, string> = {},
): Promise<ProbeAnswer> {
  const { origin, isTls } = target;
  const startedAt = performance.now();
  return within<ProbeAnswer>(target, (resolve, reject) => {
    const options = { method, headers, agent: createAgent(target, false) };
    const sent = (isTls ? requestHttps : requestHttp)(new URL(origin + path), options, (answer) => {
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
    sent.on("error", reject);
    sent.end();
    return () => sent.destroy();
  });
}
