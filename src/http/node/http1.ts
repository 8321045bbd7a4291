import type { ClientRequest, IncomingMessage } from "node:http";
import { ConnectError } from "@connectrpc/connect";
import { networkFailure } from "../../failure.js";
import { userAgent } from "../../http/http.js";
import { type IncomingAnswer, parsedAnswer, plainBytes } from "../answer.js";
import {
  type HttpCall,
  type HttpClient,
  type HttpGuard,
  type HttpRequest,
  type HttpResponse,
  ObjectFields,
} from "../http.js";
import type { Http2Options } from "../http2-options.js";
import { type AgentRequest, createAgent, type DiallingAgent, moduleFor } from "./agent.js";
import { endpointOf } from "./connect-tcp.js";
import { networkFault } from "./faults.js";
import { type Http2Settings, http2Settings } from "./settings.js";

/** An HTTP client over `node:http`: a connection for each request at a time, kept a while for the next one. */
export function createHttp1Client(origin: string, options: Http2Options): HttpClient {
  return new Http1Client(new URL(origin), http2Settings(options));
}

class Http1Client implements HttpClient {
  readonly hasTrailers = false;
  readonly keepsLocalhost = true;
  readonly #url: URL;
  readonly #agent: DiallingAgent;

  constructor(url: URL, settings: Http2Settings) {
    this.#url = url;
    this.#agent = createAgent(url, settings);
  }

  send(request: HttpRequest, guard: HttpGuard, call: HttpCall): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const sent = this.#start(request, call);
      let isOver = false;
      const over = () => {
        isOver = true;
        call.offStop(stop);
      };
      const fail = (error: unknown) => {
        if (isOver) return;
        over();
        sent.destroy();
        reject(error);
      };
      const stop = () => fail(call.stopped);
      const lost = (cause?: Error) => {
        if (!isOver) fail(cause instanceof ConnectError ? cause : lossFailure(cause, this.#url.host));
      };
      const closed = () => lost();
      sent.on("response", (response: IncomingMessage) => {
        // From now on it is the answer's: nock's request closes before its answer has ended.
        sent.off("close", closed);
        response.on("close", closed);
        response.on("error", lost);
        let answer: IncomingAnswer;
        try {
          const head = { status: response.statusCode ?? 0, headers: new ObjectFields(response.headers) };
          answer = parsedAnswer(head, guard);
        } catch (error) {
          return fail(error);
        }
        response.on("data", (chunk: Buffer) => {
          try {
            answer.take(plainBytes(chunk));
          } catch (error) {
            fail(error);
          }
        });
        response.on("end", () => {
          over();
          resolve(answer.whole());
        });
      });
      sent.on("error", lost);
      // Without an answer or an error where the server switches to another protocol (101).
      sent.on("close", closed);
      sent.end(request.body);
      call.onStop(stop);
    });
  }

  close(): void {
    this.#agent.close();
  }

  #start({ method, path, headers, body }: HttpRequest, call: HttpCall): ClientRequest {
    const { protocol, host } = this.#url;
    const options: AgentRequest = {
      protocol,
      ...endpointOf(this.#url),
      method,
      path,
      // Node says no length of what is sent with DELETE.
      headers: { "user-agent": userAgent, ...headers, host, ...(body && { "content-length": body.length }) },
      joinDuplicateHeaders: true,
      // Said out loud, so that --insecure-http-parser changes nothing here.
      insecureHTTPParser: false,
      agent: this.#agent,
      call,
    };
    // Looked up each time, since tests and instrumentations replace it.
    return moduleFor(this.#url).request(options);
  }
}

// Once the request is on its way the server may have had it, whatever the network says.
function lossFailure(cause: Error | undefined, host: string): ConnectError {
  const known = networkFault(cause, host);
  const lost = { reason: "connection-lost", message: `the connection to ${host} was lost` } as const;
  return networkFailure(known && known.repeat !== "not-sent" ? known : lost, cause);
}
