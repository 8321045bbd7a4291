import type { Commands } from "./command.js";

/** Every command. Its module is loaded when it is asked for, so that no command waits for what another needs. */
export const commands: Commands = {
  list: { summary: "show where the user is signed in", load: async () => (await import("./commands/list.js")).list },
  end: { summary: "end some sign-ins, or all others", load: async () => (await import("./commands/end.js")).end },
  revoke: { summary: "revoke some refresh tokens", load: async () => (await import("./commands/revoke.js")).revoke },
  "revoke-all": {
    summary: "revoke all refresh tokens, or all but some",
    load: async () => (await import("./commands/revoke-all.js")).revokeAll,
  },
  login: { summary: "sign in, for every other command", load: async () => (await import("./commands/login.js")).login },
  logout: { summary: "end that login", load: async () => (await import("./commands/logout.js")).logout },
  status: { summary: "tell who is logged in", load: async () => (await import("./commands/status.js")).status },
  doctor: { summary: "find out why it does not work", load: async () => (await import("./commands/doctor.js")).doctor },
  serve: {
    summary: "run a local ZITADEL to try things on",
    load: async () => (await import("./commands/serve.js")).serve,
  },
  completion: {
    summary: "complete words in bash, zsh or fish",
    load: async () => (await import("./commands/completion.js")).completionOf(commands),
  },
};
