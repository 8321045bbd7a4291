import { usageError } from "../command-error.js";

// A JWT, or the value of an Authorization header.
const jwtOrBearer = /\beyJ[\w-]{8,}\.[\w-]+\.|\bbearer\s+\S/i;
// ZITADEL's opaque tokens have 70 characters and more; its ids have 18 digits, or "rt_" and 18 digits.
const opaqueToken = /^(?=.*[a-z])(?=.*[A-Z])[\w-]{48,}$/;

/**
 * Throws if an argument is a token, or looks like one: every user of the machine can read a command line while it runs,
 * and shells keep it. The message does not repeat it.
 */
export function refuseSecrets(args: readonly string[]): void {
  const remedy = "set ZITADEL_TOKEN, or pass --token-file PATH (- for standard input)";
  for (const arg of args) {
    if (/^--(access-)?token(=|$)/.test(arg)) {
      throw usageError(`a token on the command line is visible to every user of this machine: ${remedy}`);
    }
    if (jwtOrBearer.test(arg) || opaqueToken.test(arg)) {
      const where = "an argument looks like a token, and the command line is visible to every user of this machine";
      throw usageError(`${where}: ${remedy}`);
    }
  }
}
