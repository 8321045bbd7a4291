import type { Options } from "../command.js";

/** Which sign-in is the one in use, where ZITADEL cannot tell. */
export const currentOption = {
  type: "string",
  value: "SID",
  help: "id of the session in use: the sid of your id_token. Without it ZITADEL is asked, which it cannot tell of every token",
} as const;

/** What every command that ends something takes. */
export const endingOptions = {
  yes: { type: "boolean", short: "y", help: "do not ask; needed where there is no terminal" },
  "dry-run": { type: "boolean", help: "only say which" },
} as const satisfies Options;

/** In which form a command says what it has to say. */
export function outputOption<const Choice extends string>(choices: readonly Choice[], help: string) {
  return { type: "string", short: "o", value: "FORMAT", choices, help } as const;
}

/** What every command that talks to a ZITADEL takes. */
export const commonOptions = {
  url: { type: "string", short: "u", value: "URL", help: "the instance; or set ZITADEL_URL" },
  "token-file": {
    type: "string",
    value: "PATH",
    help: "file with an access token of the user, - for standard input; or set ZITADEL_TOKEN, or ZITADEL_TOKEN_FILE to a path",
  },
  protocol: {
    type: "string",
    value: "NAME",
    choices: ["grpc", "grpc-web", "rest"],
    help: "grpc (default), grpc-web or rest",
  },
  timeout: {
    type: "string",
    value: "TIME",
    help: "for each call: 1ms to 60m, such as 500ms, 10s or 2m, a bare number in seconds; default 10s",
  },
  ca: { type: "string", value: "FILE", help: "certificates to trust (PEM) instead of Node's list" },
  header: { type: "string", multiple: true, value: "LINE", help: 'one more header, "Name: value"; may be repeated' },
  org: { type: "string", value: "ID", help: 'the same as --header "x-zitadel-orgid: ID"' },
  "allow-insecure": { type: "boolean", help: "send the token over http: to another machine" },
  verbose: { type: "boolean", short: "v", help: "show attempts and timings on standard error" },
} as const satisfies Options;
