import { once } from "node:events";
import { connect } from "node:tls";
import { serverNameOf } from "../../http/node/connect-tcp.js";
import { type Finding, finder, ok, skipped } from "./finding.js";
import { codeOf, connectTo, reasonOf, type Target, withTimeout } from "./target.js";

export const tlsVerdicts = {
  "tls-untrusted": [
    "failed",
    "the certificate's issuer is not trusted ({problem})",
    "if it is your company's, or the certificate its own, pass it as --ca FILE or NODE_EXTRA_CA_CERTS; otherwise the server leaves out an intermediate certificate",
  ],
  "tls-expired": [
    "failed",
    "the certificate is not valid now, but from {from} to {to}",
    "renew it, or correct the clock",
  ],
  "tls-hostname": [
    "failed",
    "the certificate is not for {host} but for {names}",
    "use a name that it is for, or give the server another certificate",
  ],
  "tls-failed": [
    "failed",
    "there is no TLS on port {port} ({why})",
    "use http: if it is a port for cleartext; otherwise, does the server have a certificate for this name?",
  ],
} as const;

const found = finder("tls", tlsVerdicts);

/** Looks at the certificate and at what the server speaks over TLS. Sends nothing, so it may look at a bad one too. */
export async function checkTls(target: Target): Promise<Finding> {
  if (!target.isTls) return skipped("tls", "http: has none");
  const { host, port } = target;
  let handshake: Awaited<ReturnType<typeof shakeHands>>;
  try {
    handshake = await shakeHands(target);
  } catch (error) {
    return found("tls-failed", { port, why: reasonOf(error, target) });
  }
  const { problem, certificate, version, alpn, ms } = handshake;
  if (problem) {
    const { valid_from: from, valid_to: to, subjectaltname: names = "none" } = certificate;
    const verdict = /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/.test(problem)
      ? "tls-expired"
      : problem === "ERR_TLS_CERT_ALTNAME_INVALID"
        ? "tls-hostname"
        : "tls-untrusted";
    return found(verdict, { problem, from, to, names, host });
  }
  const until = new Date(certificate.valid_to).toISOString().slice(0, 10);
  const http2 = alpn === "h2" ? "with HTTP/2" : "without HTTP/2, which gRPC needs";
  return ok("tls", `${version} ${http2}, certificate trusted, for ${host}, until ${until}`, ms);
}

/** Whether a port that was to be cleartext speaks TLS. */
export async function speaksTls(target: Target): Promise<boolean> {
  try {
    await shakeHands(target);
    return true;
  } catch (error) {
    // Whoever refuses in TLS speaks it.
    return reasonOf(error, target).includes("_ALERT_");
  }
}

async function shakeHands(target: Target) {
  const { host, ca } = target;
  const servername = serverNameOf(host);
  const startedAt = performance.now();
  const connection = await connectTo(target);
  return await withTimeout(target, async (signal) => {
    const socket = connect({
      host,
      socket: connection,
      ...(ca !== undefined && { ca }),
      ...(servername && { servername }),
      ALPNProtocols: ["h2", "http/1.1"],
      rejectUnauthorized: false,
    });
    // What comes after the handshake is not looked at.
    socket.on("error", () => {});
    signal.addEventListener("abort", () => socket.destroy());
    await once(socket, "secureConnect", { signal });
    return {
      /** Why the certificate is not trusted, empty if it is. */
      problem: codeOf({ code: socket.authorizationError }),
      certificate: socket.getPeerCertificate(),
      version: socket.getProtocol() ?? "TLS",
      alpn: socket.alpnProtocol,
      ms: performance.now() - startedAt,
    };
  });
}
