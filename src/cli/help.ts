const options = `Where and who:
  -u, --url URL          the instance; or set ZITADEL_URL
      --token-file PATH  file with an access token of the user, - for standard input;
                         or set ZITADEL_TOKEN, or ZITADEL_TOKEN_FILE to a path
      --protocol NAME    grpc (default), grpc-web or rest
      --timeout TIME     for each call, such as 500ms, 10s or 2m; default 10s
      --ca FILE          certificates to trust (PEM) instead of the system's
      --header LINE      one more header, "Name: value"; may be repeated
      --org ID           the same as --header "x-zitadel-orgid: ID"
      --allow-insecure   send the token over http: to another machine
  -v, --verbose          show attempts and timings on standard error
  -h, --help

There is no --token: every user of a machine can read its command lines.
Exit codes: 0 done, 1 failed, 2 wrong usage, 4 not authenticated or not allowed,
130 interrupted.
`;

const overview = `Lists and revokes the refresh tokens of the signed-in ZITADEL user.

Usage: zitadel-refresh-tokens COMMAND [OPTIONS]

Commands:
  list        show the tokens
  revoke      revoke some of them
  revoke-all  revoke all, or all but some
  doctor      find out why it does not work
  serve       run a local ZITADEL to try things on

  COMMAND --help tells more; --version shows the version.

Example:
  export ZITADEL_URL=https://my-instance.zitadel.cloud ZITADEL_TOKEN_FILE=~/.token
  zitadel-refresh-tokens list

Exit codes: 0 done, 1 failed, 2 wrong usage, 4 not authenticated or not allowed,
130 interrupted.
`;

const helps: Record<string, string> = {
  list: `Shows the user's refresh tokens, the most recently used first.

Usage: zitadel-refresh-tokens list [OPTIONS]

      --state STATE      only active, idle-expired or expired; may be repeated
      --client-id ID     only tokens of that app; may be repeated
  -o, --output FORMAT    table (default on a terminal)
                         tsv (default elsewhere): ID, app, state, last used, usable
                         until, signed in, scopes; nothing shortened, exact times
                         json: { total, truncated, asOf?, tokens: [{ id, clientId,
                         state, signedInAt?, lastUsedAt?, idleExpiresAt?,
                         expiresAt?, usableUntil?, scopes, audience }] }, where
                         total counts all tokens, filter or not
                         ids: one a line, for revoke

${options}
Examples:
  zitadel-refresh-tokens list --state active
  zitadel-refresh-tokens list -o json | jq '.tokens[].clientId'
  pass show zitadel | zitadel-refresh-tokens list --token-file -
`,
  revoke: `Revokes refresh tokens: their apps have to sign in again. Access tokens that they
got stay valid until they end.

Usage: zitadel-refresh-tokens revoke ID... [OPTIONS]

  ID                     as list shows it; - for ids on standard input, one a line
  -y, --yes              do not ask; needed where there is no terminal
      --dry-run          only say which of them are listed
  -o, --output FORMAT    text (default): "revoked ID" or "already gone ID", a line each
                         json: { revoked: [ID], alreadyGone: [ID],
                         failed: [{ id, code, message, errorId? }] },
                         or with --dry-run { wouldRevoke: [ID], notListed: [ID] }

A token that is gone already is no failure.

${options}
Examples:
  zitadel-refresh-tokens revoke 324567890123456789
  zitadel-refresh-tokens list --state idle-expired -o ids | zitadel-refresh-tokens revoke --yes -
`,
  "revoke-all": `Revokes all refresh tokens of the user, that of this login included.

Usage: zitadel-refresh-tokens revoke-all [OPTIONS]

      --except ID...     all but these, one by one
  -y, --yes              do not ask; needed where there is no terminal
      --dry-run          only say which
  -o, --output FORMAT    text (default) or json, as of revoke

${options}
Examples:
  zitadel-refresh-tokens revoke-all --dry-run
  zitadel-refresh-tokens revoke-all --except 324567890123456789 --yes
`,
  doctor: `Finds out why it does not work: looks at the URL, DNS, TCP, TLS, HTTP, ZITADEL's health,
the clock, the token (without showing it), all three protocols with their latency, CORS, and
at what the list means, and says what to do about what it finds.

Usage: zitadel-refresh-tokens doctor [OPTIONS]

      --origin ORIGIN    also do what a browser does for a page of that origin (CORS)
  -o, --output FORMAT    text (default)
                         json: { url, protocol, works, checks: [{ check, status: "ok",
                         "warning", "failed" or "skipped", verdict?, message, remedy?,
                         ms? }] }, where verdict is a stable name such as tls-expired

It exits with 0 only if a call over --protocol works. It revokes nothing. --timeout is for
each step, default 5s.

${options}
Examples:
  zitadel-refresh-tokens doctor
  zitadel-refresh-tokens doctor --protocol grpc-web --origin https://app.example.com
`,
  serve: `Runs a local ZITADEL, in memory, reachable from this machine only, with a demo user who
has half a dozen refresh tokens. Ctrl+C or SIGTERM stops it.

Usage: zitadel-refresh-tokens serve [OPTIONS]

  -p, --port PORT        default 0: any free one
      --lag TIME         how long lists still hold what has been revoked
      --fault FAULT      lets something go wrong; may be repeated
  -h, --help

A FAULT is KIND or KIND:NAME=VALUE,NAME=VALUE. It strikes the next call, or more calls with
times=COUNT (or all), of one RPC with method=list, revoke or revoke-all, after skip=COUNT.

  status:code=CODE       an error; also message=TEXT, id=ZITADEL_ID
  delay:ms=COUNT         the call is held up, then goes on
  hang                   no answer; with afterHeaders=true after the headers
  reset                  the call breaks off; also errorCode=CODE, afterBytes=COUNT
  disconnect             the connection breaks off
  goaway                 the server takes no more calls; also errorCode=CODE
  refused-stream         the server does not take the call
  html                   a proxy answers with a page; also status=STATUS
  rate-limit:retryAfterSeconds=COUNT
  expired-once           the access token is refused once
  truncated              the answer is cut; also bytes=COUNT
  lag:ms=COUNT           lists still hold what this call revokes

Examples:
  zitadel-refresh-tokens serve --port 8080 --lag 5s
  zitadel-refresh-tokens serve --fault status:code=unavailable,times=2 --fault html:status=502
`,
};

/** The help of a command; of them all if there is none of that name. */
export function helpFor(command: string | undefined): string {
  return (command !== undefined && Object.hasOwn(helps, command) && helps[command]) || overview;
}
