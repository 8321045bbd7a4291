import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect } from "@jest/globals";
import { chromium } from "playwright-core";
import { Code } from "../../src/node.js";
import { bundlePage, runInChromium, testInChromium } from "../helpers/chromium.js";
import { findChromium } from "../helpers/find-chromium.js";
import { okAnswer } from "../helpers/raw-h2.js";
import type { PageCall, PageOutcome } from "./browser-page.js";
import { canaryToken } from "./canary.js";

interface BrowserRow {
  name: string;
  on: readonly PageCall["protocol"][];
  /** What the server does with the request proper. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** What it does with the preflight request before it; by default it allows what ZITADEL allows. */
  preflight?: (request: IncomingMessage, response: ServerResponse) => void;
  sameOrigin?: boolean;
  times?: number;
  timeoutMs?: number;
  freezeMs?: number;
  expected: Partial<Omit<PageOutcome, "message">> & { message?: RegExp };
  /** How many requests the server answered, preflights left out. */
  requests: number;
}

const both = ["grpcWeb", "rest"] as const;
const unreachable = { code: Code.Unavailable, reason: "network-or-cors", attempts: 4, message: /CORS/ };

const rows: BrowserRow[] = [
  {
    name: "no access-control-allow-origin",
    on: both,
    preflight: (_, response) => response.writeHead(204).end(),
    answer: ok,
    // A browser cannot tell this from a server that is away, so it is tried again like one.
    expected: unreachable,
    requests: 0,
  },
  {
    name: "no access-control-allow-origin on the answer",
    on: both,
    answer: (request, response) => {
      response.removeHeader("access-control-allow-origin");
      ok(request, response);
    },
    expected: unreachable,
    requests: 4,
  },
  { name: "the preflight refuses grpc-timeout", on: both, answer: ok, expected: {}, requests: 1 },
  {
    name: "Trailers-Only, whose grpc-status is not exposed",
    on: ["grpcWeb"],
    answer: (_, response) => {
      response.removeHeader("access-control-expose-headers");
      response.writeHead(200, { "content-type": "application/grpc-web+proto", "grpc-status": "16" }).end();
    },
    expected: { code: Code.Unknown, httpStatus: 200, fromServer: false, attempts: 1, message: /expose.*grpc-status/i },
    requests: 1,
  },
  {
    name: "an answer that came while the page was frozen until after its deadline",
    on: both,
    sameOrigin: true,
    timeoutMs: 500,
    freezeMs: 1_000,
    answer: (request, response) => setTimeout(ok, 200, request, response),
    expected: {},
    requests: 1,
  },
  {
    name: "503 without CORS headers",
    on: both,
    answer: (_, response) => {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      response.writeHead(503).end();
    },
    expected: unreachable,
    requests: 4,
  },
  {
    name: "a content-encoding that is damaged, which a browser tells like a connection that was lost",
    on: both,
    answer: (request, response) => {
      response.setHeader("content-encoding", "gzip");
      ok(request, response);
    },
    expected: { code: Code.Unavailable, reason: "connection-lost", attempts: 4 },
    requests: 4,
  },
  ...[301, 302, 303, 307, 308].map(
    (status): BrowserRow => ({
      name: `${status}, which a browser does not let anyone read`,
      on: both,
      answer: (_, response) => response.writeHead(status, { location: "/moved" }).end(),
      expected: { code: Code.Unknown, reason: "redirect-refused", attempts: 1 },
      requests: 1,
    }),
  ),
  {
    name: "no cookie and no referrer to the page's own origin",
    on: both,
    sameOrigin: true,
    times: 2,
    answer: (request, response) => {
      response.setHeader("set-cookie", "exhausted=1; Path=/");
      if (request.headers.cookie || request.headers.referer) response.writeHead(400).end();
      else ok(request, response);
    },
    expected: {},
    requests: 2,
  },
  {
    name: "no cookie and no referrer to another origin",
    on: both,
    times: 2,
    answer: (request, response) => {
      response.setHeader("set-cookie", "exhausted=1; Path=/");
      if (request.headers.cookie || request.headers.referer) response.writeHead(400).end();
      else ok(request, response);
    },
    expected: {},
    requests: 2,
  },
];

describe("answers that a browser keeps from the page", () => {
  testInChromium("every row of the table", async () => {
    const cases = rows.flatMap((row) => row.on.map((protocol) => ({ row, protocol, requests: [] as string[] })));
    const handle: RequestListener = (request, response) => {
      const found = cases[Number(/^\/case-(\d+)\//.exec(request.url ?? "")?.[1])];
      if (!found) {
        response.writeHead(404).end();
        return;
      }
      request.resume();
      response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
      response.setHeader("access-control-expose-headers", "grpc-status, grpc-message");
      if (request.method === "OPTIONS") {
        (found.row.preflight ?? allow)(request, response);
        return;
      }
      found.requests.push(request.url ?? "");
      found.row.answer(request, response);
    };
    const server = createServer(handle).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const origin = urlOf(server);
      const input = cases.map(
        ({ row, protocol }, index): PageCall => ({
          baseUrl: `${row.sameOrigin ? "" : origin}/case-${index}`,
          protocol,
          token: canaryToken,
          times: row.times ?? 1,
          timeoutMs: row.timeoutMs ?? 10_000,
          freezeMs: row.freezeMs ?? 0,
        }),
      );
      const entry = "test/faults/browser-page.ts";
      const outcomes = await runInChromium<PageOutcome[]>({ entry, input, handle });
      const seen = outcomes.map((outcome, index) => ({
        name: `${cases[index]?.row.name}, ${cases[index]?.protocol}`,
        requests: cases[index]?.requests.length,
        ok: outcome.code === undefined,
        ...outcome,
      }));
      const expected = cases.map(({ row, protocol }) => {
        const { message, ...rest } = row.expected;
        const error = {
          message: expect.stringMatching(message ?? /^[^\n]{1,300}$/),
          text: expect.not.stringContaining(canaryToken),
        };
        const ok = rest.code === undefined;
        return { name: `${row.name}, ${protocol}`, requests: row.requests, ok, ...rest, ...(ok ? {} : error) };
      });
      expect(seen.map((one, index) => pickLike(one, expected[index] ?? {}))).toEqual(expected);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

testInChromium("a Content-Security-Policy that forbids the call", async () => {
  const { seen, handle } = allowing();
  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const baseUrl = urlOf(server);
    const call = { baseUrl, protocol: "rest", token: canaryToken } as const;
    const input: PageCall[] = [
      { ...call, policy: `connect-src 'self' ${baseUrl}` },
      { ...call, policy: "connect-src 'self'" },
    ];
    const outcomes = await runInChromium<PageOutcome[]>({ entry: "test/faults/browser-page.ts", input });
    expect(outcomes).toMatchObject([
      {},
      {
        code: Code.Unavailable,
        reason: "network-or-cors",
        attempts: 1,
        message: `[unavailable] this page's Content-Security-Policy forbids ${baseUrl}: add it to connect-src`,
      },
    ]);
    expect(seen).toEqual(["OPTIONS", "POST"]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

testInChromium("a page from the internet that is denied the local network", async () => {
  const script = await bundlePage({ entry: "test/faults/browser-page.ts" });
  const { seen, handle } = allowing();
  const server = createServer(handle).listen(0, "127.0.0.1");
  const app = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end(`<!doctype html><script>${script}</script>`);
  }).listen(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(app, "listening")]);
  const url = urlOf(app);
  // Chromium takes the page for one from the internet. Nobody sees what a headless one asks, so it takes no for an answer.
  const args = [`--ip-address-space-overrides=${new URL(url).host}=public`];
  args.push("--enable-features=LocalNetworkAccessChecks", `--unsafely-treat-insecure-origin-as-secure=${url}`);
  const browser = await chromium.launch({ executablePath: findChromium() ?? "", args });
  try {
    const outcomes: unknown[] = [];
    for (const granted of [[], ["local-network-access"]]) {
      const context = await browser.newContext();
      if (granted.length > 0) await context.grantPermissions(granted);
      const page = await context.newPage();
      await page.goto(url);
      const call = JSON.stringify([{ baseUrl: urlOf(server), protocol: "rest", token: canaryToken }]);
      outcomes.push(...((await page.evaluate(`page.run(${call})`)) as PageOutcome[]));
    }
    expect(outcomes).toMatchObject([
      {
        code: Code.Unavailable,
        reason: "network-or-cors",
        attempts: 1,
        message: expect.stringMatching(/denies this page the local network/),
      },
      {},
    ]);
    expect(outcomes[1]).not.toHaveProperty("code");
    expect(seen).toEqual(["OPTIONS", "POST"]);
  } finally {
    await browser.close();
    for (const each of [server, app]) {
      each.close();
      each.closeAllConnections();
    }
  }
});

/** Answers any origin, and collects the methods of requests. */
function allowing(): { seen: unknown[]; handle: RequestListener } {
  const seen: unknown[] = [];
  const handle: RequestListener = (request, response) => {
    seen.push(request.method);
    response.setHeader("access-control-allow-origin", "*");
    if (request.method === "OPTIONS") allow(request, response);
    else ok(request, response);
  };
  return { seen, handle };
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// ZITADEL's own list for gRPC-Web, which leaves out grpc-timeout.
function allow(request: IncomingMessage, response: ServerResponse): void {
  const allowed =
    "origin content-type accept accept-language authorization x-zitadel-orgid x-user-agent x-grpc-web".split(" ");
  const asked = request.headers["access-control-request-headers"]?.split(",") ?? [];
  if (asked.every((name) => allowed.includes(name.trim()))) {
    response.setHeader("access-control-allow-headers", asked.join(", "));
    response.setHeader("access-control-allow-methods", "GET, POST, HEAD");
  }
  response.writeHead(204).end();
}

function ok(request: IncomingMessage, response: ServerResponse): void {
  const { type, body } = okAnswer(request.headers["content-type"]);
  response.writeHead(200, { "content-type": type }).end(body);
}

function pickLike(from: Record<string, unknown>, like: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, from[key]]));
}
