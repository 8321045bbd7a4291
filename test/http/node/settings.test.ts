import { describe, expect, test } from "@jest/globals";
import { createAuthClient, type Http2Options } from "../../../src/node.js";
import { ca, certificate } from "../../helpers/certificate.js";

const create = (http2: Http2Options) => createAuthClient({ baseUrl: "http://localhost", http2 });

describe("the durations of http2", () => {
  for (const name of ["connectTimeoutMs", "pingIntervalMs", "pingTimeoutMs", "idleTimeoutMs"] as const) {
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 3_600_001]) {
      test(`refuse ${name}: ${value}`, () => {
        expect(() => create({ [name]: value })).toThrow(
          new RangeError(`http2.${name} must be 1 to 3600000 milliseconds, got ${value}`),
        );
      });
    }
  }

  test("may be a millisecond or an hour, and PINGs may be off", () => {
    create({ connectTimeoutMs: 1, pingTimeoutMs: 3_600_000, idleTimeoutMs: 1, pingIntervalMs: false });
  });
});

describe("http2.tls.servername", () => {
  for (const servername of ["127.0.0.1", "::1", "", 5, null]) {
    test(`is refused if it is ${JSON.stringify(servername)}`, () => {
      const refusal = new TypeError("http2.tls.servername must be a host name, and no address");
      expect(() => create({ tls: { servername: servername as string } })).toThrow(refusal);
    });
  }

  test("may be a host name", () => {
    create({ tls: { servername: "zitadel.example" } });
  });
});

describe("http2.tls.ca", () => {
  const pem = ca.trim();
  const other = certificate("self-signed").cert.trim();
  const cut = other.slice(0, 300);

  // Of each Node reads no certificate, or not every one, and says nothing.
  for (const [what, bad] of [
    ["two without a line break between them", other + pem],
    ["one that is cut off, and a good one", `${cut}\n${pem}`],
    ["a good one, and one that is cut off", `${pem}\n${cut}`],
    ["an indented one", `  ${pem}`],
    ["a good one, and an indented one", `${pem}\n  ${other}`],
    ["one with all its lines indented", pem.replace(/^/gm, "    ")],
    ["one in quotes", `"${pem}"`],
    ["one with text before it on its line", `ca: ${pem}`],
    ["a good one, and one with a byte order mark", `${pem}\n\ufeff${other}`],
    ["one in a single line", pem.replaceAll("\n", " ")],
    ["one with line breaks of carriage returns alone", pem.replaceAll("\n", "\r")],
    ["a request for a certificate", pem.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST")],
  ] as const) {
    test(`is refused if it is ${what}`, () => {
      for (const one of [bad, Buffer.from(bad), [pem, bad]]) {
        expect(() => create({ tls: { ca: one } })).toThrow(/^http2\.tls\.ca is no certificate in PEM: /);
      }
    });
  }

  for (const [what, good] of [
    ["two, each on its own lines", `${pem}\n${other}`],
    ["one with lines of Windows", pem.replaceAll("\n", "\r\n")],
    ["one with text around it", `# of ops\n${pem}\n# end`],
    ["one with a byte order mark", `\ufeff${pem}`],
    ["one with its key", `${certificate("server").key}\n${certificate("server").cert}`],
    ["an X509 CERTIFICATE", pem.replaceAll(" CERT", " X509 CERT")],
    ["a TRUSTED CERTIFICATE", pem.replaceAll(" CERT", " TRUSTED CERT")],
  ] as const) {
    test(`may be ${what}`, () => {
      for (const one of [good, Buffer.from(good)]) create({ tls: { ca: one } });
    });
  }
});

describe("a client certificate", () => {
  const { cert, key } = certificate("server");

  for (const [what, tls, missing] of [
    ["no key", { cert }, "key"],
    ["an empty key", { cert, key: "" }, "key"],
    ["no cert", { key }, "cert"],
    ["an empty cert", { cert: new Uint8Array(), key }, "cert"],
    ["neither", { cert: "", key: "" }, "cert"],
  ] as const) {
    test(`with ${what} is refused`, () => {
      expect(() => create({ tls })).toThrow(
        new TypeError(`http2.tls.${missing} is missing: a client certificate takes cert and key`),
      );
    });
  }

  test("with both is fine", () => {
    create({ tls: { cert, key } });
    create({ tls: { cert: Buffer.from(cert), key: Buffer.from(key) } });
  });
});
