import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { caFile as ca, certificate } from "../../helpers/certificate.js";
import { closedPort } from "../../helpers/closed-port.js";
import type { Case } from "./run-doctor.js";
import { startHttp1, startHttps1, startTcp, startWithCertificate } from "./servers.js";

const trusted = ["--ca", ca];

export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

// One file, since `--ca` takes one: a certificate that is its own issuer.
function soonExpired(): { cert: string; key: string; file: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "doctor-"));
  const [file, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "5"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", keyFile, "-out", file],
  ]);
  if (made.status !== 0) throw new Error(`openssl failed: ${made.stderr}`);
  const [cert, key] = [readFileSync(file, "utf8"), readFileSync(keyFile, "utf8")];
  return { cert, key, file, remove: () => rmSync(folder, { recursive: true }) };
}

const local = (port: number, scheme = "http") => `${scheme}://localhost:${port}`;

/** What is wrong before a request reaches a server that speaks HTTP. */
export const connectionCases = {
  "url-invalid": async () => ({ check: "url", url: "my-instance.zitadel.cloud" }),
  "url-cleartext": async () => ({ check: "url", url: "http://my-instance.example" }),
  "url-path": async () => ({ check: "url", url: `${local(await closedPort())}/ui/console` }),
  "dns-failed": async () => ({ check: "dns", url: "https://no-such-host.invalid" }),
  "tcp-refused": async () => ({ check: "tcp", url: local(await closedPort()) }),
  // An address for documentation only, so that nobody has it (RFC 3849).
  "tcp-unreachable": async () => ({ check: "tcp", url: "https://[2001:db8::1]", args: ["--timeout", "500ms"] }),
  "proxy-unreachable": async () => {
    const env = { HTTPS_PROXY: `http://127.0.0.1:${await closedPort()}` };
    return { check: "tcp", url: "https://my-instance.example", env };
  },
  "proxy-refused": async () => {
    const port = await startTcp((socket) => socket.once("data", () => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")));
    return { check: "tcp", url: "https://my-instance.example", env: { HTTPS_PROXY: `127.0.0.1:${port}` } };
  },
  "tls-untrusted": async () => ({ check: "tls", url: await startWithCertificate("server") }),
  "tls-self-signed": async () => ({ check: "tls", url: await startWithCertificate("self-signed"), args: trusted }),
  "tls-expired": async () => ({ check: "tls", url: await startWithCertificate("expired"), args: trusted }),
  "tls-expires-soon": async () => {
    const { cert, key, file, remove } = soonExpired();
    const url = await startHttps1((_request, response) => void response.end("ok"), { cert, key });
    return { check: "tls", url, args: ["--ca", file], after: remove };
  },
  "tls-hostname": async () => ({ check: "tls", url: await startWithCertificate("other-host"), args: trusted }),
  "tls-not-spoken": async () => {
    const url = await startHttp1((_request, response) => void response.end());
    return { check: "tls", url: url.replace("http:", "https:") };
  },
  "tls-refused": async () => {
    const port = await startTcp((socket) => socket.once("data", () => socket.destroy()));
    return { check: "tls", url: local(port, "https") };
  },
  "tls-stalled": async () => {
    const port = await startTcp((socket) => socket.resume());
    return { check: "tls", url: local(port, "https"), args: ["--timeout", "300ms"] };
  },
  "tls-wanted": async () => {
    const url = await startWithCertificate("server");
    return { check: "http", url: url.replace("https:", "http:") };
  },
  // As nginx answers with ssl_verify_client.
  "tls-client-certificate": async () => {
    const page = "<html><head><title>400 No required SSL certificate was sent</title></head></html>";
    const url = await startHttps1((_request, response) => {
      response.writeHead(400, { "content-type": "text/html" }).end(page);
    }, certificate("server"));
    return { check: "http", url, args: trusted };
  },
  "tls-no-h2": async () => ({ check: "alpn", url: await startWithCertificate("server"), args: trusted }),
} satisfies Record<string, () => Promise<Case & { after?: () => void }>>;

/** What answers in another way than ZITADEL. */
export const httpCases = {
  "http-silent": async () => {
    const port = await startTcp((socket) => socket.resume());
    return { check: "http", url: local(port), args: ["--timeout", "300ms"] };
  },
  "http-closed": async () => {
    const port = await startTcp((socket) => socket.once("data", () => socket.destroy()));
    return { check: "http", url: local(port) };
  },
  "http-not-spoken": async () => {
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
  "http-gateway": async () => ({ check: "http", url: await startPage(502) }),
  "health-failing": async () => {
    const url = await startHttp1((_request, response) => void response.writeHead(503).end("database is down"));
    return { check: "health", url };
  },
  "health-hidden": async () => ({ check: "health", url: await startNotFound() }),
  "clock-skew": async () => {
    const url = await startHttp1((_request, response) => {
      response.writeHead(200, { date: new Date(Date.now() + 300_000).toUTCString() }).end("ok");
    });
    return { check: "clock", url };
  },
  "web-page": async () => ({ check: "grpc-web", url: await startPage(200) }),
  redirect: async () => {
    const url = await startHttp1((_request, response) => {
      response.writeHead(308, { location: "https://login.example/" }).end();
    });
    return { check: "rest", url };
  },
  "not-found": async () => ({ check: "rest", url: await startNotFound() }),
} satisfies Record<string, () => Promise<Case>>;

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
