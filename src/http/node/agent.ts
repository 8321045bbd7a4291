import http from "node:http";
import type https from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { HttpCall } from "../http.js";
import { Http1Dial, type TlsMemory } from "./http1-dial.js";
import type { Http2Settings } from "./settings.js";

// As undici. `Agent` heeds a server's `Keep-Alive: timeout=` only if it has a time of its own.
const idleMs = 4_000;

/** The module for an origin, node:http or node:https, which is loaded where it is needed: loading takes a while. */
export function moduleFor({ protocol }: URL): typeof http | typeof https {
  return protocol === "https:" ? process.getBuiltinModule("node:https") : http;
}

/** Options of a request through the agent. */
export interface AgentRequest extends http.RequestOptions {
  /** What a dial for it belongs to. */
  readonly call?: HttpCall;
}

type Done = (error: Error | null, socket?: Duplex) => void;

// What agents are made to be overridden by, although Node's types leave it out, and its documentation the first.
interface Hooks {
  createSocket(this: http.Agent, request: http.ClientRequest, options: AgentRequest, done: Done): void;
  createConnection(this: http.Agent, options: AgentRequest, done: Done): Duplex | undefined;
  keepSocketAlive(this: http.Agent, socket: Socket): boolean;
  reuseSocket(this: http.Agent, socket: Socket, request: http.ClientRequest): void;
}

/** An agent for `request` of that module whose connections are dialled as those of HTTP/2 are. */
export type DiallingAgent = http.Agent & {
  /** Gives up every dial, and closes every connection. */
  close(): void;
};

/** Makes an agent for HTTP/1.1 with one origin. Of a failed dial its requests hear as a `ConnectError`. */
export function createAgent(origin: URL, settings: Http2Settings): DiallingAgent {
  const { Agent } = moduleFor(origin);
  const hooks = Agent.prototype as unknown as Hooks;
  const agent = new Agent({ keepAlive: true, timeout: idleMs, rejectUnauthorized: true } satisfies https.AgentOptions);
  const dials = new Dials(origin, settings);
  // What the agent is about to be given.
  let dialled: Duplex | undefined;

  return Object.assign(agent, {
    createSocket(request, options, done) {
      const use = (socket: Duplex | undefined) => {
        if (!socket) return;
        dialled = socket;
        hooks.createSocket.call(agent, request, options, done);
      };
      const ready = dials.takeSpare();
      if (ready) use(ready);
      else dials.open(options.call).then(use, done);
    },
    createConnection(options, done) {
      const socket = dialled;
      dialled = undefined;
      // MSW asks for connections itself, and wants them at once.
      return socket ?? hooks.createConnection.call(agent, options, done);
    },
    keepSocketAlive(socket) {
      socket.once("data", drop);
      return hooks.keepSocketAlive.call(agent, socket);
    },
    reuseSocket(socket, request) {
      socket.off("data", drop);
      hooks.reuseSocket.call(agent, socket, request);
    },
    close() {
      dials.giveUp();
      agent.destroy();
    },
  } satisfies Hooks & { close(): void });
}

/** The dials of an agent. */
class Dials {
  readonly #origin: URL;
  readonly #settings: Http2Settings;
  readonly #memory: TlsMemory = {};
  readonly #all = new Set<Http1Dial>();
  // A dial that goes on when its call is over, and what comes of it, for the next one: where dialling takes longer than
  // calls have, no connection would ever be ready otherwise.
  #abandoned: Http1Dial | undefined;
  #spare: Spare | undefined;

  constructor(origin: URL, settings: Http2Settings) {
    this.#origin = origin;
    this.#settings = settings;
  }

  /** Opens a connection for a call; `undefined` if that was over before. */
  async open(call: HttpCall | undefined): Promise<Duplex | undefined> {
    const dial = new Http1Dial(this.#origin, this.#settings, this.#memory);
    const leave = () => {
      call?.notSent();
      if (this.#abandoned) return dial.giveUp();
      this.#abandoned = dial;
      dial.unref();
    };
    this.#all.add(dial);
    if (call) call.step = `connecting to ${this.#origin.host}`;
    call?.onStop(leave);
    try {
      const socket = await dial.connection;
      if (this.#abandoned !== dial) return socket;
      this.#spare = new Spare(socket);
      return undefined;
    } finally {
      if (this.#abandoned === dial) this.#abandoned = undefined;
      else if (call) call.step = "waiting for the answer";
      this.#all.delete(dial);
      call?.offStop(leave);
    }
  }

  takeSpare(): Duplex | undefined {
    const ready = this.#spare?.take();
    this.#spare = undefined;
    return ready;
  }

  giveUp(): void {
    for (const dial of this.#all) dial.giveUp();
    this.takeSpare()?.destroy();
  }
}

// Bytes that nobody asked for would be taken for the next answer: Node 20 keeps the connection.
function drop(this: Duplex): void {
  this.destroy();
}

/** A connection that nobody uses yet. */
class Spare {
  readonly #socket: Duplex & Partial<Pick<Socket, "ref" | "unref" | "setTimeout">>;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.once("data", drop).once("timeout", drop);
    this.#socket.setTimeout?.(idleMs);
    this.#socket.unref?.();
  }

  /** The connection, unless it has ended. */
  take(): Duplex | undefined {
    if (this.#socket.destroyed) return undefined;
    this.#socket.off("data", drop).off("timeout", drop);
    this.#socket.setTimeout?.(0);
    this.#socket.ref?.();
    return this.#socket;
  }
}
