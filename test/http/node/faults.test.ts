import { expect, test } from "@jest/globals";
import { networkFault, notHttp2 } from "../../../src/http/node/faults.js";

const withCode = (code: string) => Object.assign(new Error("whatever"), { code });

test("a connection that times out is told so", () => {
  const fault = networkFault(withCode("ETIMEDOUT"), "one.example");
  expect(fault).toMatchObject({ reason: "connect-timeout", repeat: "not-sent" });
  expect(fault?.message).toBe("one.example cannot be reached");
});

const ofGetaddrinfo = "ENOTFOUND EAI_AGAIN EAI_NODATA EAI_FAIL EAI_MEMORY EAI_SYSTEM EAI_NONAME EAI_FAMILY";
const ofCares = "ENODATA ENONAME ESERVFAIL EREFUSED ETIMEOUT EFORMERR ENOTIMP EBADNAME EBADRESP";
for (const code of `${ofGetaddrinfo} ${ofCares}`.split(" ")) {
  test(`${code} is of the resolver, which is asked once more`, () => {
    expect(networkFault(withCode(code), "one.example")).toEqual({
      reason: "dns",
      message: "one.example cannot be found: check baseUrl",
      repeat: "not-sent",
      maxRetries: 1,
    });
  });
}

// By OpenSSL 3.0 and by 3.5.
for (const code of [
  "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
  "ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED",
  "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
]) {
  test(`${code} is about the client certificate`, () => {
    expect(networkFault(withCode(code), "zitadel.example")).toEqual({
      reason: "tls",
      message: "zitadel.example refused the client certificate, or wants one: see http2.tls.cert and http2.tls.key",
      repeat: "never",
    });
  });
}

for (const code of ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE"]) {
  test(`${code} says what the server may miss, since it speaks TLS`, () => {
    const fault = networkFault(withCode(code), "zitadel.example");
    expect(fault).toMatchObject({ reason: "tls", repeat: "never" });
    expect(fault?.message).toMatch(/^zitadel\.example refused TLS \(handshake failure\): .*client certificate/);
  });
}

for (const [code, alert] of [
  ["ERR_SSL_TLSV1_UNRECOGNIZED_NAME", "unrecognized name"],
  ["ERR_SSL_TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE", "bad certificate status response"],
  ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "internal error"],
] as const) {
  test(`${code} is an alert`, () => {
    const fault = networkFault(withCode(code), "zitadel.example");
    expect(fault).toMatchObject({ reason: "tls", repeat: "never" });
    expect(fault?.message).toContain(`zitadel.example refused TLS (${alert}): `);
  });
}

test("only who came without TLS is told to use https:", () => {
  expect(notHttp2("zitadel.example", true).message).not.toContain("https:");
  expect(notHttp2("zitadel.example", false).message).toContain("use https: if it is a TLS port");
});
