const all = (names: readonly string[]) => names.join(", ").replace(/, ([^,]*)$/, " and $1");
const some = (names: readonly string[]) =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : all(names);

/** The element's own texts. `when` is a time as `Intl` writes it, such as `2 hours ago`. */
export const english = {
  thisDevice: "This device",
  otherDevices: "Other devices",
  /** Above refresh tokens, on a server that lists sessions too. */
  apps: "Apps that stay signed in",
  /** Above refresh tokens, where they are all that there is. */
  onlyApps: "Apps that you are signed in to",
  signOut: "Sign out",
  signOutEverywhereElse: "Sign out everywhere else…",
  signingOut: "Signing out…",
  cancel: "Cancel",
  tryAgain: "Try again",
  details: "Details",
  loading: "Loading where you are signed in…",
  search: "Search",
  state: "State",
  anyState: "All",
  noMatch: "Nothing fits the search.",
  none: "No sign-in is listed.",
  browserOn: (browser: string, system: string) => `${browser} on ${system}`,
  unknownDevice: "Unknown device",
  /** An app that `apps` does not name, by the last four digits of its client id. */
  unknownApp: (digits: string) => (digits ? `App …${digits}` : "Unknown app"),
  lastActive: (when: string) => `Last active ${when}`,
  signedIn: (when: string) => `Signed in ${when}`,
  endsUnlessUsed: (when: string) => `Ends ${when} unless it is used`,
  ends: (when: string) => `Ends ${when}`,
  ended: (when: string) => `Ended ${when}`,
  signedInWith: (factors: readonly string[]) => `Signed in with ${all(factors)}`,
  factors: {
    password: "password",
    passkey: "passkey",
    idp: "another account",
    totp: "authenticator app",
    otpSms: "code by SMS",
    otpEmail: "code by email",
  },
  states: { active: "Active", expired: "Expired", unfinished: "Not finished", "idle-expired": "Unused too long" },
  /** Above the names of what is to end. `isHere`: it is this device. */
  question: (names: readonly string[], isHere: boolean) =>
    isHere ? "Sign out here?" : `Sign out of ${names.length === 1 ? names[0] : `these ${names.length}`}?`,
  consequence: "To use it again there you have to sign in again.",
  keepHint: "It is not known which of these you use now. Uncheck what is to stay signed in.",
  signedOutOf: (names: readonly string[]) => `Signed out of ${some(names)}.`,
  notSignedOutOf: (names: readonly string[]) => `Not signed out of ${some(names)}.`,
  signedOutHere: "You are signed out here.",
  incomplete: {
    "offline-access": "Apps with offline access may stay signed in after this. They cannot be listed here.",
    "current-not-listed": "The sign-in that you use now is not in this list.",
  },
  truncated: (shown: number, total: number) => `Only ${shown} of ${total} apps are listed.`,
  mayLag: "The list may be a moment behind.",
  offline: "You are offline. The list comes when you are back.",
  sessionOver: "Your sign-in has ended. Sign in again to see this list.",
  notAllowed: "Your account may not see this list.",
  unreachable: "The server cannot be reached right now.",
  failed: "This did not work.",
  /** Names in the details. */
  fields: {
    id: "Id",
    clientId: "Client id",
    signedInAt: "Signed in",
    lastActiveAt: "Last active",
    idleExpiresAt: "Ends unless used",
    expiresAt: "Ends at the latest",
    address: "Address",
    device: "Device",
    userAgent: "Browser says",
    scopes: "Scopes",
    audience: "Audience",
  },
};

/** Every text of the element. An app may replace any of them, in any language. */
export type SignInsTexts = Readonly<typeof english>;
