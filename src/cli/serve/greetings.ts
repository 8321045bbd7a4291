/** What there is to know of a local ZITADEL that runs. */
export interface Facts {
  readonly url: string;
  /** The demo user's access token. */
  readonly token: string;
  /** OAuth client id of an app to sign in with. */
  readonly clientId: string;
  readonly pid: number;
}

/** What `serve` says when it answers, by the value of `--output`. */
export const greetings = { text: greeting, env: variables, json: (facts: Facts) => `${JSON.stringify(facts)}\n` };

function variables({ url, token, pid }: Facts): string {
  const quoted = /^[\w.~+/=-]+$/.test(token) ? token : `'${token.replaceAll("'", "'\\''")}'`;
  return `ZITADEL_URL=${url}\nZITADEL_TOKEN=${quoted}\nZITADEL_PID=${pid}\n`;
}

function greeting({ url, token, clientId, pid }: Facts, isDetached: boolean): string {
  return `A local ZITADEL, in memory, for gRPC, gRPC-Web and REST: ${url}
Access token of its demo user: ${token}
Where that user is signed in: ${url}/ (--open opens it)
client id: ${clientId}

  curl -d '{}' -H 'authorization: Bearer ${token}' ${url}/auth/v1/users/me/tokens/refresh/_search

  export ZITADEL_URL=${url} ZITADEL_TOKEN=${token}
  npx zitadel-refresh-tokens list

${isDetached ? `kill ${pid}` : "Ctrl+C"} stops it.
`;
}
