import { once } from "node:events";
import { type AddressInfo, createServer, Socket } from "node:net";

/** Passes connections on to a port of this machine, as a long or a bad path would. */
export async function startRelay(port: number, roundTripMs = 0): Promise<Relay> {
  const relay = new Relay(port, roundTripMs);
  await relay.listening;
  return relay;
}

export class Relay {
  /** How many connections were made through it. */
  connections = 0;
  readonly listening: Promise<unknown>;
  readonly #server;
  readonly #pairs = new Set<{ isDead: boolean; ends: Socket[] }>();

  constructor(port: number, roundTripMs: number) {
    this.#server = createServer((client) => {
      this.connections += 1;
      // The server, too, hears of the connection half a round trip later.
      const server = new Socket();
      setTimeout(() => server.connect(port, "127.0.0.1"), roundTripMs / 2);
      const pair = { isDead: false, ends: [client, server] };
      this.#pairs.add(pair);
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        // Timers of one length go off in the order in which they were made.
        const later = (act: () => void) => setTimeout(() => pair.isDead || to.destroyed || act(), roundTripMs / 2);
        from.setNoDelay(true);
        from.on("data", (chunk) => later(() => to.write(chunk)));
        from.on("end", () => later(() => to.end()));
        from.on("error", () => later(() => to.destroy()));
      }
      client.on("close", () => server.end());
    }).listen(0, "127.0.0.1");
    this.listening = once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on nothing passes over the connections that there are, and nobody is told; new ones work. */
  die(): void {
    for (const pair of this.#pairs) pair.isDead = true;
  }

  /** Refuses new connections. */
  refuse(): void {
    this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { ends } of this.#pairs) for (const socket of ends) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}
