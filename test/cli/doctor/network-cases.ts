import { caFile as ca } from "../../helpers/certificate.js";
import { closedPort } from "../../helpers/closed-port.js";
import type { Cases } from "./run-doctor.js";
import { startHttp1, startTcp, startWithCertificate } from "./servers.js";

const trusted = ["--ca", ca];

const local = (port: number, scheme = "http") => `${scheme}://localhost:${port}`;

/** What is wrong before a request reaches a server that speaks HTTP. */
export const connectionCases: Cases = {
  "url-invalid: no URL": async () => ({ check: "url", url: "my-instance.zitadel.cloud" }),
  "url-invalid: cleartext": async () => ({ check: "url", url: "http://my-instance.example" }),
  "url-path": async () => ({ check: "url", url: `${local(await closedPort())}/ui/console` }),
  "dns-failed": async () => ({ check: "dns", url: "https://no-such-host.invalid" }),
  "tcp-failed: nothing listens": async () => ({ check: "tcp", url: local(await closedPort()) }),
  // An address for documentation only, so that nobody has it (RFC 3849).
  "tcp-failed: unreachable": async () => ({ check: "tcp", url: "https://[2001:db8::1]", args: ["--timeout", "500ms"] }),
  "proxy-failed: nothing listens": async () => {
    const env = { HTTPS_PROXY: `http://127.0.0.1:${await closedPort()}` };
    return { check: "proxy", url: "https://my-instance.example", env };
  },
  "proxy-failed: refuses": async () => {
    const port = await startTcp((socket) => socket.once("data", () => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")));
    return { check: "proxy", url: "https://my-instance.example", env: { HTTPS_PROXY: `127.0.0.1:${port}` } };
  },
  "tls-untrusted: unknown issuer": async () => ({ check: "tls", url: await startWithCertificate("server") }),
  "tls-untrusted: self-signed": async () => ({
    check: "tls",
    url: await startWithCertificate("self-signed"),
    args: trusted,
  }),
  "tls-expired": async () => ({ check: "tls", url: await startWithCertificate("expired"), args: trusted }),
  "tls-hostname": async () => ({ check: "tls", url: await startWithCertificate("other-host"), args: trusted }),
  "tls-failed: cleartext": async () => {
    const url = await startHttp1((_request, response) => void response.end());
    return { check: "tls", url: url.replace("http:", "https:") };
  },
  "tls-failed: closes": async () => {
    const port = await startTcp((socket) => socket.once("data", () => socket.destroy()));
    return { check: "tls", url: local(port, "https") };
  },
  "tls-failed: silent": async () => {
    const port = await startTcp((socket) => socket.resume());
    return { check: "tls", url: local(port, "https"), args: ["--timeout", "300ms"] };
  },
  "tls-wanted": async () => {
    const url = await startWithCertificate("server");
    return { check: "http", url: url.replace("https:", "http:") };
  },
  "http1-only: over TLS": async () => ({ check: "grpc", url: await startWithCertificate("server"), args: trusted }),
};

/** What answers in another way than ZITADEL. */
export const httpCases: Cases = {
  "http-failed: silent": async () => {
    const port = await startTcp((socket) => socket.resume());
    return { check: "http", url: local(port), args: ["--timeout", "300ms"] };
  },
  "http-failed: closes": async () => {
    const port = await startTcp((socket) => socket.once("data", () => socket.destroy()));
    return { check: "http", url: local(port) };
  },
  "http-failed: another protocol": async () => {
    const port = await startTcp((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
    return { check: "http", url: local(port) };
  },
  "http-redirect": async () => {
    const url = await startHttp1((_request, response) => {
      response.writeHead(302, { location: "https://login.example/sso?next=secret" }).end();
    });
    return { check: "http", url };
  },
  "http-web-page": async () => ({ check: "http", url: await startPage(200) }),
  "not-serving: gateway": async () => ({ check: "http", url: await startPage(502) }),
  "not-serving: health": async () => {
    const url = await startHttp1((_request, response) => void response.writeHead(503).end("database is down"));
    return { check: "http", url };
  },
  "http-web-page: of a call": async () => ({ check: "grpc-web", url: await startPage(200) }),
  "http-redirect: of a call": async () => {
    const url = await startHttp1((_request, response) => {
      response.writeHead(308, { location: "https://login.example/" }).end();
    });
    return { check: "rest", url };
  },
  "not-serving: no trailers": async () => {
    const url = await startHttp1((_request, response) => {
      // A whole message, and nothing after it.
      response.writeHead(200, { "content-type": "application/grpc-web+proto" }).end(Buffer.alloc(5));
    });
    return { check: "grpc-web", url };
  },
  "not-found": async () => ({ check: "rest", url: await startNotFound() }),
};

async function startPage(status: number): Promise<string> {
  return await startHttp1((_request, response) => {
    response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end("<html>Welcome</html>");
  });
}

async function startNotFound(): Promise<string> {
  return await startHttp1((_request, response) => {
    response
      .writeHead(404, { "content-type": "application/json" })
      .end('{"code":5,"message":"Not Found","details":[]}');
  });
}
