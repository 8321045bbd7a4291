import { afterEach } from "@jest/globals";
import { type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";

const running: LocalZitadel[] = [];

/** Starts a local ZITADEL that ends with the test. */
export async function start(options?: LocalZitadelOptions): Promise<LocalZitadel> {
  const zitadel = await startLocalZitadel(options);
  running.push(zitadel);
  return zitadel;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((zitadel) => zitadel.close()));
});
