import { request } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionTarget } from "../../node.js";
import { type HttpProxy, ProxyError } from "./proxy.js";

/** Opens a connection to a host and port through a proxy (CONNECT, RFC 9110 §9.3.6). Rejects with a ProxyError. */
export function openTunnel(proxy: HttpProxy, { host, port, signal }: ConnectionTarget): Promise<Socket> {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const where = `the proxy ${proxy.host}:${proxy.port} (${proxy.variable})`;
  return new Promise((resolve, reject) => {
    const sent = request({
      host: proxy.host,
      port: proxy.port,
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...(proxy.authorization && { "proxy-authorization": proxy.authorization }) },
      agent: false,
      signal,
    });
    sent.on("connect", ({ statusCode: status = 0 }, socket, head) => {
      if (status >= 200 && status < 300) {
        // What the server said first came with the proxy's answer.
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refusal(where, authority, status, proxy));
    });
    sent.on("response", (answer) => {
      answer.destroy();
      reject(refusal(where, authority, answer.statusCode ?? 0, proxy));
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      const remedy = "correct that variable, or name the host in NO_PROXY";
      reject(new ProxyError(`${where} cannot be reached (${error.code ?? error.message})`, remedy));
    });
    sent.end();
  });
}

function refusal(where: string, authority: string, status: number, proxy: HttpProxy): ProxyError {
  const { variable, authorization } = proxy;
  if (status !== 407) {
    const remedy = "ask who runs it, or name the host in NO_PROXY";
    return new ProxyError(`${where} refuses a connection to ${authority} (HTTP ${status})`, remedy);
  }
  if (authorization) {
    const remedy = "correct them, with special characters as %xx";
    return new ProxyError(`${where} refuses the name and password of ${variable} (HTTP 407)`, remedy);
  }
  const remedy = `set ${variable}=http://NAME:PASSWORD@HOST:PORT`;
  return new ProxyError(`${where} wants a name and a password (HTTP 407)`, remedy);
}
