import { afterEach } from "@jest/globals";
import {
  type LocalUserOptions,
  type LocalZitadel,
  type LocalZitadelOptions,
  startLocalZitadel,
} from "../../src/testing.js";

const running: LocalZitadel[] = [];

/** A local ZITADEL with one user, and the environment that leads the command to them. */
export interface LocalLogin {
  readonly zitadel: LocalZitadel;
  readonly env: { readonly ZITADEL_URL: string; readonly ZITADEL_TOKEN: string };
}

/** Starts a local ZITADEL that ends with the test: one without sessions, whatever release is not asked for. */
export async function startLogin(
  user: LocalUserOptions = {},
  options: Omit<LocalZitadelOptions, "users"> = {},
): Promise<LocalLogin> {
  const zitadel = await startLocalZitadel({ release: "2.44", ...options, users: [user] });
  running.push(zitadel);
  return { zitadel, env: { ZITADEL_URL: zitadel.url, ZITADEL_TOKEN: zitadel.users[0].token } };
}

/** The same with sessions. */
export function startCurrentLogin(
  user: LocalUserOptions = {},
  options: Omit<LocalZitadelOptions, "users"> = {},
): Promise<LocalLogin> {
  return startLogin(user, { release: "4", ...options });
}

/** Resolves when the server has got so many requests. */
export async function requestsReach(zitadel: LocalZitadel, count: number): Promise<void> {
  while (zitadel.requests.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((zitadel) => zitadel.close()));
});
