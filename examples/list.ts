// What `npm start` shows: the refresh tokens of one user over all three protocols. Of a demo user on a local ZITADEL
// in this process, or, where ZITADEL_URL is set, of the user that ZITADEL_TOKEN (or ZITADEL_TOKEN_FILE) belongs to.
import { readFile } from "node:fs/promises";
import { equals } from "@bufbuild/protobuf";
import {
  createAuthClient,
  grpc,
  grpcWeb,
  type ListMyRefreshTokensResponse,
  type RefreshToken,
  RefreshTokenSchema,
  type RefreshTokensView,
  rest,
  viewRefreshTokens,
} from "zitadel-refresh-tokens";
import { startLocalZitadel } from "zitadel-refresh-tokens/testing";

/** A mistake in how the command was called, rather than something that went wrong. */
class UsageError extends Error {}

interface Source {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

interface Listing {
  readonly protocol: string;
  readonly response: ListMyRefreshTokensResponse;
  readonly contentType: string;
  readonly ms: number;
  readonly bytes: number;
}

const protocols = { gRPC: grpc, "gRPC-Web": grpcWeb, REST: rest };

async function readToken(env: NodeJS.ProcessEnv): Promise<string> {
  if (env.ZITADEL_TOKEN) return env.ZITADEL_TOKEN;
  if (!env.ZITADEL_TOKEN_FILE) {
    throw new UsageError("ZITADEL_URL is set but no token: set ZITADEL_TOKEN or ZITADEL_TOKEN_FILE");
  }
  try {
    // Files end in a line break; a token does not.
    return (await readFile(env.ZITADEL_TOKEN_FILE, "utf8")).trimEnd();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`ZITADEL_TOKEN_FILE cannot be read (${code}): ${env.ZITADEL_TOKEN_FILE}`, { cause });
  }
}

async function openSource(env: NodeJS.ProcessEnv): Promise<Source> {
  if (env.ZITADEL_URL) {
    return { name: "ZITADEL", url: env.ZITADEL_URL, token: await readToken(env), close: async () => {} };
  }
  if (env.ZITADEL_TOKEN || env.ZITADEL_TOKEN_FILE) {
    throw new UsageError("a token is set but not whose: set ZITADEL_URL, such as https://my-instance.zitadel.cloud");
  }
  const zitadel = await startLocalZitadel();
  return {
    name: "A local ZITADEL, in memory,",
    url: zitadel.url,
    token: zitadel.users[0].token,
    close: () => zitadel.close(),
  };
}

async function list({ url, token }: Source, protocol: keyof typeof protocols): Promise<Listing> {
  let contentType = "";
  let last = { ms: 0, bytes: 0 };
  const auth = createAuthClient({
    baseUrl: url,
    token,
    protocol: protocols[protocol],
    onAttempt: ({ ms, bytes }) => {
      last = { ms, bytes };
    },
  });
  try {
    const onHeader = (header: Headers) => {
      contentType = header.get("content-type") ?? "";
    };
    const response = await auth.listMyRefreshTokens({}, { onHeader });
    return { protocol, response, contentType, ...last };
  } catch (error) {
    throw new Error(`${protocol}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    await auth.close();
  }
}

/** Whether both hold the same tokens, in whatever order: ZITADEL promises none. */
function sameTokens(a: ListMyRefreshTokensResponse, b: ListMyRefreshTokensResponse): boolean {
  const byId = (tokens: RefreshToken[]) => [...tokens].sort((one, other) => (one.id < other.id ? -1 : 1));
  const others = byId(b.result);
  return (
    a.details?.totalResult === b.details?.totalResult &&
    a.result.length === others.length &&
    byId(a.result).every((token, index) => equals(RefreshTokenSchema, token, others[index] as RefreshToken))
  );
}

/** Control, format and bidirectional characters made visible: what a server sends must not steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const minute = (date: Date | undefined) => date?.toISOString().slice(0, 16).replace("T", " ") ?? "-";

function tokenTable({ tokens }: RefreshTokensView): string {
  const head = ["ID", "APP", "SIGNED IN (UTC)", "LAST USED", "USABLE UNTIL", "STATE", "SCOPES"];
  const rows = tokens.map((token) => [
    printable(token.id),
    printable(token.clientId),
    minute(token.signedInAt),
    minute(token.lastUsedAt),
    minute(token.usableUntil),
    token.state,
    printable(token.scopes.join(" ")),
  ]);
  return table([head, ...rows]);
}

function report(source: Source, listings: readonly [Listing, ...Listing[]]): string {
  const view = viewRefreshTokens(listings[0].response);
  const tokens =
    view.tokens.length > 0
      ? tokenTable(view)
      : 'No refresh tokens. That does not mean no sign-ins: a current ZITADEL keeps new ones in OIDC sessions, which this\nlist does not show (see README.md, "What the list holds").';
  const cut = view.truncated ? `${view.tokens.length} of ${view.total} tokens are shown, ZITADEL's limit.\n` : "";
  const calls = listings.map(({ protocol, contentType, ms, bytes }) => [
    protocol,
    printable(contentType),
    `${ms.toFixed(1)} ms`,
    `${bytes} bytes`,
  ]);
  return `${source.name} at ${source.url}\n\n${tokens}\n${cut}\nThe same answer over ${calls.length} protocols:\n${table(calls)}\n\nAs a page: npx . serve --open. As a command: npx . --help\n`;
}

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  if (args.length > 0) throw new UsageError("npm start takes no arguments: set ZITADEL_URL and ZITADEL_TOKEN instead");
  const source = await openSource(env);
  try {
    const first = await list(source, "gRPC");
    const others = [await list(source, "gRPC-Web"), await list(source, "REST")];
    for (const other of others) {
      if (!sameTokens(first.response, other.response)) {
        throw new Error(`${first.protocol} and ${other.protocol} gave different lists: did a token change? Try again`);
      }
    }
    return report(source, [first, ...others]);
  } finally {
    await source.close();
  }
}

try {
  process.stdout.write(await main(process.argv.slice(2), process.env));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${printable(message.replaceAll(/\s+/g, " "))}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
