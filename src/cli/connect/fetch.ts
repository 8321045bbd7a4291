import type { IncomingMessage } from "node:http";
import { createAgent, http2Settings, moduleFor } from "../library.js";
import { connectionOptions } from "./open-client.js";
import { proxyFor } from "./proxy.js";

/** What openid-client passes to a fetch. */
interface FetchOptions {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** The request did not come to an answer. */
export class NoAnswer extends Error {}

const connectTimeoutMs = 10_000;
const maxBytes = 1 << 20;

/** A fetch that connects as every command does: through a proxy, and with certificates of the user's own. */
export function createFetch(ca: string | undefined) {
  return async (url: string, { method, headers, body, signal }: FetchOptions): Promise<Response> => {
    const target = new URL(url);
    const settings = http2Settings({ ...(await connectionOptions(ca, proxyFor(url))), connectTimeoutMs });
    const agent = createAgent(target, settings);
    try {
      return await new Promise<Response>((resolve, reject) => {
        // Of a failed dial the agent tells with the system's error as the cause.
        const fail = (error: Error) => reject(new NoAnswer(error.message, { cause: error.cause ?? error }));
        const take = (answer: IncomingMessage) => readAnswer(answer).then(resolve, fail);
        const sent = moduleFor(target).request(target, { method, headers, agent, ...(signal && { signal }) }, take);
        sent.on("error", (error) => (signal?.aborted ? reject(signal.reason) : fail(error)));
        sent.end(body ? String(body) : undefined);
      });
    } finally {
      agent.close();
    }
  };
}

async function readAnswer(answer: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) headers.set(name, [value].flat().join(", "));
  const status = answer.statusCode ?? 0;
  return new Response([204, 205, 304].includes(status) ? null : Buffer.concat(chunks), { status, headers });
}
