import type { Release } from "./release.js";

/** An app that users sign in with. */
export interface App {
  readonly clientId: string;
  readonly grants: readonly string[];
}

export const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

/** The apps that the demo user's refresh tokens are of. The third is a native one: the only one with the device grant. */
export function demoApps({ clientId }: Release): App[] {
  const grants = ["authorization_code", "refresh_token"];
  return [
    { clientId: clientId("320010000000000011", "customers"), grants },
    { clientId: clientId("320010000000000012", "customers"), grants },
    { clientId: clientId("320010000000000013", "tools"), grants: [...grants, deviceGrant] },
    { clientId: clientId("320010000000000014", "tools"), grants },
  ];
}
