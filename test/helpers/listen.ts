import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export interface Served extends Disposable {
  readonly url: string;
  close(): void;
}

/** An HTTP/1.1 server on this machine. */
export async function listen(handle: RequestListener): Promise<Served> {
  const server = createServer(handle);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close, [Symbol.dispose]: close };
}
