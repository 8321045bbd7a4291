import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { okAnswer } from "./raw-h2.js";

export interface RawHttp1Options {
  /** Called when a request is complete. By default it is answered with an empty message. */
  onRequest?: (exchange: RawHttp1Exchange) => void;
  /** Takes every socket away from the server, before anything is sent or read. */
  takeSocket?: (socket: Socket) => void;
  tls?: TlsOptions;
}

/**
 * A server that speaks HTTP/1.1 byte by byte: what its answers look like, and where they stop, is up to the test.
 */
export async function startRawHttp1(options: RawHttp1Options = {}): Promise<RawHttp1Server> {
  const server = new RawHttp1Server(options);
  await server.listening;
  return server;
}

export class RawHttp1Server {
  /** Every connection that was accepted, closed ones included. */
  readonly connections: RawHttp1Connection[] = [];
  /** The header fields of every request, `:method` and `:path` included, in order of arrival. */
  readonly requests: Record<string, string>[] = [];
  readonly listening: Promise<unknown>;
  readonly #server;

  constructor(public options: RawHttp1Options) {
    const accept = (socket: Socket) => {
      const connection = new RawHttp1Connection(this, socket);
      this.connections.push(connection);
      connection.start();
    };
    this.#server = options.tls ? createTlsServer(options.tls, accept) : createServer(accept);
    this.#server.listen(0, "127.0.0.1");
    this.listening = once(this.#server, "listening");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.options.tls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export class RawHttp1Connection {
  #received: Buffer = Buffer.alloc(0);

  constructor(
    readonly server: RawHttp1Server,
    readonly socket: Socket,
  ) {}

  start(): void {
    this.socket.setNoDelay(true);
    this.socket.on("error", () => {}); // clients may reset their end as they like
    const { takeSocket } = this.server.options;
    if (takeSocket) {
      takeSocket(this.socket);
      return;
    }
    this.socket.on("data", (chunk) => this.#read(chunk));
  }

  /** TCP FIN, after what was written. */
  end(): void {
    this.socket.end();
  }

  /** TCP RST, after what was written so far has left. */
  reset(): void {
    setTimeout(() => this.socket.resetAndDestroy(), 10);
  }

  raw(bytes: Uint8Array | string): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const headers = parseHead(this.#received.toString("latin1", 0, headEnd));
      const body = this.#received.subarray(headEnd + 4);
      const length = Number(headers["content-length"] ?? 0);
      if (body.length < length) return;
      this.#received = body.subarray(length);
      this.server.requests.push(headers);
      const exchange = new RawHttp1Exchange(this, headers, body.subarray(0, length), this.server.requests.length);
      const answer = this.server.options.onRequest ?? ((one: RawHttp1Exchange) => one.ok());
      answer(exchange);
    }
  }
}

export class RawHttp1Exchange {
  constructor(
    readonly connection: RawHttp1Connection,
    readonly headers: Record<string, string>,
    readonly body: Buffer,
    /** Which request of the server this is, counted from 1. */
    readonly number: number,
  ) {}

  /** A whole answer: status, header fields and body. */
  respond(status: number, fields: Record<string, string | number> = {}, body: string | Uint8Array = ""): void {
    const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
    const lines = Object.entries({ ...length, ...fields }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.connection.raw(`HTTP/1.1 ${status} Status\r\n${lines.join("")}\r\n`);
    this.connection.raw(body);
  }

  /** The head of an answer that comes in chunks; without a status it is 200 and of the request's own type. */
  head(fields: Record<string, string | number> = {}): void {
    const { ":status": status = 200, ...given } = fields;
    const type = ":status" in fields ? {} : { "content-type": okAnswer(this.headers["content-type"]).type };
    const lines = Object.entries({ ...type, "transfer-encoding": "chunked", ...given });
    const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    this.connection.raw(`HTTP/1.1 ${status} Status\r\n${text}\r\n`);
  }

  /** One chunk of the body. */
  data(bytes: Uint8Array): void {
    this.connection.raw(`${bytes.length.toString(16)}\r\n`);
    this.connection.raw(bytes);
    this.connection.raw("\r\n");
  }

  /** A whole answer of the request's own type, with an empty message. */
  ok(): void {
    const { body } = okAnswer(this.headers["content-type"]);
    this.head();
    this.data(body);
    this.connection.raw("0\r\n\r\n");
  }
}

function parseHead(text: string): Record<string, string> {
  const [requestLine = "", ...lines] = text.split("\r\n");
  const [method = "", path = ""] = requestLine.split(" ");
  const fields = lines.map((line) => [
    line.slice(0, line.indexOf(":")).toLowerCase(),
    line.slice(line.indexOf(":") + 1).trim(),
  ]);
  return { ":method": method, ":path": path, ...Object.fromEntries(fields) };
}
