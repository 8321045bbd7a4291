import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../../../test/fixtures/tls/", import.meta.url);

/** The certificate of the authority that a client in a test trusts, in PEM. */
export const ca = read("ca.pem");

/** The file of `ca`. */
export const caFile = fileURLToPath(new URL("ca.pem", folder));

/** A server's certificate and its key, in PEM, as `node:tls` takes them; the folder's README says what each is for. */
export function certificate(name: "server" | "expired" | "other-host" | "self-signed"): { cert: string; key: string } {
  return { cert: read(`${name}.pem`), key: read(`${name}-key.pem`) };
}

function read(file: string): string {
  return readFileSync(new URL(file, folder), "utf8");
}
