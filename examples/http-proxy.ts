// gRPC through an HTTP proxy: `createConnection` asks the proxy of HTTPS_PROXY for a tunnel (CONNECT) to ZITADEL, and
// TLS is spoken with ZITADEL itself, so the proxy sees neither the token nor the answers.
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { type ConnectionTarget, createAuthClient, getErrorInfo } from "zitadel-refresh-tokens";

/** Opens a tunnel. Its error becomes the cause of the call's, which says no more than that it failed. */
function openTunnel(proxy: URL, { host, port, signal }: ConnectionTarget): Promise<Duplex> {
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization = `Basic ${Buffer.from(login).toString("base64")}`;
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || 80,
      method: "CONNECT",
      path: target,
      headers: { host: target, ...(proxy.username && { "proxy-authorization": authorization }) },
      agent: false,
      // Nobody waits for a proxy that does not answer once the call is over.
      signal,
    });
    asked.on("connect", ({ statusCode: status }, socket, head) => {
      if (status === 200) {
        // The first bytes from ZITADEL may have come with the proxy's answer.
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      if (status === 407) reject(new Error("the proxy wants a name and a password, or others: HTTP 407"));
      else reject(new Error(`the proxy refuses a connection to ${target}: HTTP ${status}`));
    });
    asked.on("error", (cause) => reject(new Error(`the proxy cannot be reached: ${cause.message}`, { cause })));
    asked.end();
  });
}

const { ZITADEL_URL = "", ZITADEL_TOKEN = "", HTTPS_PROXY = "" } = process.env;
const auth = createAuthClient({
  baseUrl: ZITADEL_URL,
  token: ZITADEL_TOKEN,
  http2: { createConnection: (target) => openTunnel(new URL(HTTPS_PROXY), target) },
});
try {
  const { result } = await auth.listMyRefreshTokens({});
  console.log(`tokens: ${result.length}`);
} catch (error) {
  const { cause, message } = error as Error;
  console.log(`failed after ${getErrorInfo(error).attempts}: ${(cause as Error | undefined)?.message ?? message}`);
  process.exitCode = 1;
} finally {
  await auth.close();
}
