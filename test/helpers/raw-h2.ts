import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { encodeHeaders, type HeaderFields, HpackDecoder } from "./hpack.js";

export interface RawH2Options {
  /** Called when a request is complete, its END_STREAM included. By default it is answered with an empty message. */
  onRequest?: (stream: RawH2Stream) => void;
  /** Called when the header fields of a request are complete, its body maybe still to come. */
  onHeaders?: (stream: RawH2Stream) => void;
  /** Called for every connection, after the first SETTINGS. */
  onConnection?: (connection: RawH2Connection) => void;
  /** Takes every socket away from the server, before anything is sent or read. */
  takeSocket?: (socket: Socket) => void;
  /** The first SETTINGS frame, as pairs of identifier and value. `false`: it is never sent. */
  settings?: readonly (readonly [id: number, value: number])[] | false;
  /** Whether PINGs are answered; default true. */
  ackPing?: boolean;
  /** Called for every PING of the client's, before it is answered. */
  onPing?: (connection: RawH2Connection) => void;
  tls?: TlsOptions;
}

/**
 * A server that speaks HTTP/2 frame by frame (RFC 9113) and only what it is told: it keeps no rule by itself but
 * the SETTINGS exchange, PING acknowledgements, and reading on.
 */
export async function startRawH2(options: RawH2Options = {}): Promise<RawH2Server> {
  const server = new RawH2Server(options);
  await server.listening;
  return server;
}

export class RawH2Server {
  /** Every connection that was accepted, closed ones included. */
  readonly connections: RawH2Connection[] = [];
  /** The header fields of every request, in order of arrival. */
  readonly requests: Record<string, string>[] = [];
  readonly listening: Promise<unknown>;
  readonly #server;

  constructor(public options: RawH2Options) {
    const accept = (socket: Socket) => {
      const connection = new RawH2Connection(this, socket);
      this.connections.push(connection);
      connection.start();
    };
    this.#server = options.tls
      ? createTlsServer({ ...options.tls, ALPNProtocols: ["h2"] }, accept)
      : createServer(accept);
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

export class RawH2Connection {
  /** How many PINGs the client sent, and how many of ours it acknowledged. */
  pings = 0;
  pingAcks = 0;
  /** The code of each RST_STREAM that the client sent, by stream. */
  readonly resets = new Map<number, number>();
  /** The client's SETTINGS, and how much each stream may be sent; 0 is the connection. */
  readonly clientSettings = new Map<number, number>();
  readonly windows = new Map([[0, 65_535]]);
  /** How many requests this connection carried. */
  requests = 0;
  ackPing: boolean;
  readonly #decoder = new HpackDecoder();
  readonly #streams = new Map<number, RawH2Stream>();
  #received: Buffer = Buffer.alloc(0);
  #headerBlock: Buffer[] = [];
  #prefaceRead = false;

  constructor(
    readonly server: RawH2Server,
    readonly socket: Socket,
  ) {
    this.ackPing = server.options.ackPing ?? true;
  }

  start(): void {
    this.socket.setNoDelay(true);
    this.socket.on("error", () => {}); // clients may reset their end as they like
    const { takeSocket } = this.server.options;
    if (takeSocket) {
      takeSocket(this.socket);
      return;
    }
    if (this.server.options.settings !== false) this.settings(this.server.options.settings ?? []);
    this.server.options.onConnection?.(this);
    this.socket.on("data", (chunk) => this.#read(chunk));
  }

  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    const payload = Buffer.alloc(pairs.length * 6);
    for (const [index, [id, value]] of pairs.entries()) {
      payload.writeUInt16BE(id, index * 6);
      payload.writeUInt32BE(value, index * 6 + 2);
    }
    this.frame(frameType.settings, 0, 0, payload);
  }

  ping(payload = Buffer.alloc(8)): void {
    this.frame(frameType.ping, 0, 0, payload);
  }

  goaway(lastStreamId: number, code: number, debug = ""): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(lastStreamId, 0);
    payload.writeUInt32BE(code, 4);
    this.frame(frameType.goaway, 0, 0, Buffer.concat([payload, Buffer.from(debug)]));
  }

  /** Enlarges the flow-control window of a stream, or of the connection. */
  windowUpdate(increment: number, streamId = 0): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(increment);
    this.frame(frameType.windowUpdate, 0, streamId, payload);
  }

  /** TCP FIN, after what was written. */
  end(): void {
    this.socket.end();
  }

  /** TCP RST, after what was written so far has left. */
  reset(): void {
    setTimeout(() => this.socket.resetAndDestroy(), 10);
  }

  raw(bytes: Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.raw(frameBytes(type, flags, streamId, payload));
  }

  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (!this.#prefaceRead) {
      if (this.#received.length < prefaceLength) return;
      this.#received = this.#received.subarray(prefaceLength);
      this.#prefaceRead = true;
    }
    while (this.#received.length >= 9) {
      const length = this.#received.readUIntBE(0, 3);
      if (this.#received.length < 9 + length) return;
      const frame = this.#received.subarray(0, 9 + length);
      this.#received = this.#received.subarray(9 + length);
      this.#onFrame(frame.readUInt8(3), frame.readUInt8(4), frame.readUInt32BE(5) & 0x7fffffff, frame.subarray(9));
    }
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case frameType.data:
        this.#streams.get(streamId)?.body.push(unpadded(flags, payload));
        break;
      case frameType.headers:
      case frameType.continuation:
        this.#onHeaders(type, flags, streamId, payload);
        break;
      case frameType.rstStream:
        this.resets.set(streamId, payload.readUInt32BE(0));
        return;
      case frameType.settings:
        for (let at = 0; at < payload.length; at += 6) {
          this.clientSettings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
        }
        if (!(flags & flag.ack) && this.server.options.settings !== false) {
          this.frame(frameType.settings, flag.ack, 0, Buffer.alloc(0));
        }
        return;
      case frameType.windowUpdate:
        this.windows.set(streamId, (this.windows.get(streamId) ?? 0) + payload.readUInt32BE(0));
        return;
      case frameType.ping:
        if (flags & flag.ack) this.pingAcks++;
        else {
          this.pings++;
          this.server.options.onPing?.(this);
          if (this.ackPing) this.frame(frameType.ping, flag.ack, 0, payload);
        }
        return;
      default:
        return;
    }
    const stream = this.#streams.get(streamId);
    if (stream && flags & flag.endStream && type !== frameType.continuation) {
      const answer = this.server.options.onRequest ?? ((one: RawH2Stream) => one.ok());
      answer(stream);
    }
  }

  #onHeaders(type: number, flags: number, streamId: number, payload: Buffer): void {
    let block = type === frameType.headers ? unpadded(flags, payload) : payload;
    if (type === frameType.headers && flags & flag.priority) block = block.subarray(5);
    this.#headerBlock.push(block);
    if (!(flags & flag.endHeaders)) return;
    const headers = this.#decoder.decode(Buffer.concat(this.#headerBlock));
    this.#headerBlock = [];
    this.requests++;
    this.server.requests.push(headers);
    const stream = new RawH2Stream(this, streamId, headers, this.server.requests.length);
    this.#streams.set(streamId, stream);
    this.server.options.onHeaders?.(stream);
  }
}

export class RawH2Stream {
  readonly body: Buffer[] = [];

  constructor(
    readonly connection: RawH2Connection,
    readonly id: number,
    readonly headers: Record<string, string>,
    /** Which request of the server this is, counted from 1. */
    readonly number: number,
  ) {}

  /** The answer's header fields; without a `:status` it is 200 and of the request's own type. */
  head(fields: HeaderFields = {}, options: { endStream?: boolean } = {}): void {
    const status: HeaderFields =
      ":status" in fields ? {} : { ":status": 200, "content-type": okAnswer(this.headers["content-type"]).type };
    this.#headers({ ...status, ...fields }, options.endStream ?? false);
  }

  data(bytes: Uint8Array, options: { endStream?: boolean; padding?: number } = {}): void {
    const end = options.endStream ? flag.endStream : 0;
    const { padding } = options;
    if (padding === undefined) {
      this.connection.frame(frameType.data, end, this.id, bytes);
      return;
    }
    const payload = Buffer.concat([Buffer.of(padding), bytes, Buffer.alloc(padding)]);
    this.connection.frame(frameType.data, end | flag.padded, this.id, payload);
  }

  /** The closing header fields, after the body. */
  trailers(fields: HeaderFields = { "grpc-status": 0 }): void {
    this.#headers(fields, true);
  }

  rst(code: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(code);
    this.connection.frame(frameType.rstStream, 0, this.id, payload);
  }

  /** A whole answer of the request's own type; `message` is protobuf, or JSON. */
  ok(message?: Uint8Array): void {
    const { type, body } = okAnswer(this.headers["content-type"], message);
    this.head();
    this.data(body, { endStream: type !== "application/grpc" });
    if (type === "application/grpc") this.trailers();
  }

  /** A whole answer: status, header fields and body, and the end. */
  respond(status: number, fields: HeaderFields = {}, body: string | Uint8Array = ""): void {
    this.head({ ":status": status, ...fields }, { endStream: body.length === 0 });
    if (body.length > 0) this.data(Buffer.from(body), { endStream: true });
  }

  /** A gRPC answer of trailers only. */
  status(code: number | string, message = "", more: HeaderFields = {}): void {
    this.head({ "grpc-status": code, "grpc-message": message, ...more }, { endStream: true });
  }

  #headers(fields: HeaderFields, endStream: boolean): void {
    const block = encodeHeaders(fields);
    for (let at = 0; at === 0 || at < block.length; at += maxFrameSize) {
      const type = at === 0 ? frameType.headers : frameType.continuation;
      const end = at + maxFrameSize >= block.length ? flag.endHeaders : 0;
      const flags = end | (at === 0 && endStream ? flag.endStream : 0);
      this.connection.frame(type, flags, this.id, block.subarray(at, at + maxFrameSize));
    }
  }
}

/** The body of an answer in the protocol of a request's content type, but for what HTTP itself carries. */
export function okAnswer(requestType = "application/grpc", message?: Uint8Array): { type: string; body: Uint8Array } {
  if (requestType.startsWith("application/json")) {
    return { type: "application/json", body: message ?? Buffer.from("{}") };
  }
  const frame = envelope(message ?? new Uint8Array());
  if (!requestType.startsWith("application/grpc-web")) return { type: "application/grpc", body: frame };
  const trailer = envelope(Buffer.from("grpc-status: 0\r\n"), 0x80);
  return { type: "application/grpc-web+proto", body: Buffer.concat([frame, trailer]) };
}

/** A message as gRPC frames it: a byte of flags, the length, the message. */
export function envelope(message: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export function frameBytes(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

function unpadded(flags: number, payload: Buffer): Buffer {
  return flags & flag.padded ? payload.subarray(1, payload.length - payload.readUInt8(0)) : payload;
}

export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
const prefaceLength = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length;
const maxFrameSize = 16_384;
