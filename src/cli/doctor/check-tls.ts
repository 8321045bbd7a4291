import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { serverNameOf } from "../../http/node/connect-tcp.js";
import { connectTo } from "./connect-to.js";
import { type Finding, failed, ok, skipped, warning } from "./finding.js";
import type { Target } from "./target.js";
import { codeOf, TookTooLong, within } from "./within.js";

const dayMs = 86_400_000;
// Renewals of 90-day certificates are due long before.
const soonDays = 14;

interface Handshake {
  /** Why the certificate is not trusted, empty if it is. */
  readonly problem: string;
  readonly certificate: PeerCertificate;
  readonly version: string;
  readonly alpn: string | false;
  readonly ms: number;
}

/** Looks at the certificate and at what the server speaks over TLS. Sends nothing, so it may look at a bad one too. */
export async function checkTls(target: Target): Promise<Finding[]> {
  if (!target.isTls) return [skipped("tls", "http: has none")];
  let handshake: Handshake;
  try {
    handshake = await shakeHands(target);
  } catch (error) {
    target.signal.throwIfAborted();
    return [handshakeFailure(error, target)];
  }
  const { problem, certificate, version, alpn, ms } = handshake;
  if (problem) return [certificateFailure(problem, certificate, target)];
  const expiry = new Date(certificate.valid_to);
  const days = Math.floor((expiry.getTime() - Date.now()) / dayMs);
  const until = expiry.toISOString().slice(0, 10);
  const findings = [
    days < soonDays
      ? warning("tls", "tls-expires-soon", `the certificate expires in ${days} days (${until})`, "renew it")
      : ok("tls", `${version}, certificate trusted, for ${target.host}, until ${until}`, ms),
  ];
  if (alpn === "h2") return [...findings, ok("alpn", "HTTP/2 is offered")];
  const remedy = "switch HTTP/2 on in the proxy or load balancer, or use --protocol grpc-web or rest";
  return [...findings, warning("alpn", "tls-no-h2", "no HTTP/2 is offered, which gRPC needs", remedy)];
}

/** Whether a port that was to be cleartext speaks TLS. */
export async function speaksTls(target: Target): Promise<boolean> {
  try {
    await shakeHands(target);
    return true;
  } catch (error) {
    target.signal.throwIfAborted();
    // Whoever refuses in TLS speaks it.
    return codeOf(error).includes("_ALERT_");
  }
}

async function shakeHands(target: Target): Promise<Handshake> {
  const { host, ca } = target;
  const servername = serverNameOf(host);
  const startedAt = performance.now();
  const connection = await connectTo(target);
  return within<Handshake>(target, (resolve, reject) => {
    const socket: TLSSocket = connect({
      host,
      socket: connection,
      ...(ca !== undefined && { ca }),
      ...(servername && { servername }),
      ALPNProtocols: ["h2", "http/1.1"],
      rejectUnauthorized: false,
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the connection was closed")));
    socket.once("secureConnect", () =>
      resolve({
        problem: codeOf({ code: socket.authorizationError }),
        certificate: socket.getPeerCertificate(),
        version: socket.getProtocol() ?? "TLS",
        alpn: socket.alpnProtocol ?? false,
        ms: performance.now() - startedAt,
      }),
    );
    return () => socket.destroy();
  });
}

function handshakeFailure(error: unknown, { port }: Target): Finding {
  const code = codeOf(error);
  if (error instanceof TookTooLong) {
    const remedy = "something accepts connections there without answering: is the port right?";
    return failed("tls", "tls-stalled", `${error.message} to a TLS handshake`, remedy);
  }
  if (/WRONG_VERSION_NUMBER|UNEXPECTED_MESSAGE|PACKET_LENGTH|^EPROTO$|HTTP_REQUEST/.test(code)) {
    return failed(
      "tls",
      "tls-not-spoken",
      `port ${port} does not speak TLS`,
      "use http: if it is a port for cleartext",
    );
  }
  if (code.includes("CERTIFICATE_REQUIRED")) return certificateWanted("tls");
  const remedy = "does the server have a certificate for this name, and does it want one of the client?";
  return failed("tls", "tls-refused", `the server refuses the TLS handshake (${code || "it hangs up"})`, remedy);
}

/** What it comes to that a server wants a certificate of its client. */
export function certificateWanted(check: "tls" | "http"): Finding {
  const remedy =
    "this command has none to show: use a port without mutual TLS, or the library with http2.tls.cert and key";
  return failed(check, "tls-client-certificate", "the server wants a certificate of the client (mutual TLS)", remedy);
}

function certificateFailure(problem: string, certificate: PeerCertificate, { host }: Target): Finding {
  const { valid_from: from, valid_to: to, subjectaltname: names = "none" } = certificate;
  switch (problem) {
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID": {
      const period = `it is valid from ${from} to ${to}`;
      return failed(
        "tls",
        "tls-expired",
        `the certificate is not valid now: ${period}`,
        "renew it, or correct the clock",
      );
    }
    case "ERR_TLS_CERT_ALTNAME_INVALID": {
      const remedy = "use a name that it is for, or give the server another certificate";
      return failed("tls", "tls-hostname", `the certificate is not for ${host} but for ${names}`, remedy);
    }
    case "DEPTH_ZERO_SELF_SIGNED_CERT": {
      const remedy = "if it is yours, pass it as --ca FILE";
      return failed("tls", "tls-self-signed", "the certificate is signed by nobody but itself", remedy);
    }
    default: {
      const remedy =
        "if a company's CA issued it, pass that CA as --ca FILE or NODE_EXTRA_CA_CERTS; otherwise the server leaves out an intermediate certificate";
      return failed("tls", "tls-untrusted", `the certificate's issuer is unknown (${problem})`, remedy);
    }
  }
}
