import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { type LocalZitadel, startLocalZitadel } from "../../src/testing.js";
import type { createAuthClient, getErrorInfo, grpcWeb, rest } from "../../src/web.js";
import { bundlePage, testInChromium } from "../helpers/chromium.js";
import { listen } from "../helpers/listen.js";
import { sharedChromium } from "../helpers/shared-chromium.js";

const browser = sharedChromium();

/** The library, as the page's own scripts have it. */
declare const page: {
  createAuthClient: typeof createAuthClient;
  getErrorInfo: typeof getErrorInfo;
  protocols: { grpcWeb: typeof grpcWeb; rest: typeof rest };
};

const script = bundlePage({
  script: `export { createAuthClient, getErrorInfo } from "zitadel-refresh-tokens";
import { grpcWeb, rest } from "zitadel-refresh-tokens";
export const protocols = { grpcWeb, rest };`,
});

/** Opens an application's page on an origin of its own. */
async function openApplication(use: (application: Page) => Promise<void>): Promise<void> {
  const text = await script;
  using site = await listen((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(
      isScript
        ? text
        : `<!doctype html><title>app</title><link rel="icon" href="data:,"><script src="/page.js"></script>`,
    );
  });
  const context = await browser().newContext();
  try {
    const application = await context.newPage();
    await application.goto(site.url);
    await use(application);
  } finally {
    await context.close();
  }
}

const inputOf = (zitadel: LocalZitadel) => ({ baseUrl: zitadel.url, token: zitadel.users[0].tokens.personal });

testInChromium(
  "a page of another origin lists with default options: nothing that the preflight refuses is sent",
  async () => {
    await using zitadel = await startLocalZitadel();
    await openApplication(async (application) => {
      for (const protocol of ["grpcWeb", "rest"] as const) {
        const count = await application.evaluate(
          async ({ baseUrl, token, protocol }) => {
            const auth = page.createAuthClient({ baseUrl, token, protocol: page.protocols[protocol] });
            const { result } = await auth.listMyRefreshTokens({});
            await auth.revokeMyRefreshToken({ id: result[0]?.id ?? "" });
            return result.length;
          },
          { ...inputOf(zitadel), protocol },
        );
        expect(count).toBe(protocol === "grpcWeb" ? 6 : 5);
      }
    });
    const preflights = zitadel.requests.filter(({ method }) => method === "OPTIONS");
    expect(preflights.length).toBeGreaterThanOrEqual(4);
    for (const { headers, protocol } of preflights) {
      const asked = headers["access-control-request-headers"]?.split(",") ?? [];
      const allowed = [
        "authorization",
        "content-type",
        ...(protocol === "grpc-web" ? ["x-grpc-web", "x-user-agent"] : []),
      ];
      expect(allowed).toEqual(expect.arrayContaining(asked));
    }
    // Each preflight was followed by its call.
    expect(zitadel.requests.filter(({ method }) => method !== "OPTIONS")).toHaveLength(4);
  },
);

testInChromium("a page of another origin retries, gives up at the deadline, and aborts", async () => {
  await using zitadel = await startLocalZitadel({
    faults: [
      { kind: "html", status: 503, times: 2 },
      { kind: "hang", skip: 1, times: 2 },
    ],
  });
  await openApplication(async (application) => {
    const outcomes = await application.evaluate(async ({ baseUrl, token }) => {
      const auth = page.createAuthClient({ baseUrl, token, retry: { initialBackoffMs: 10 } });
      const told = (call: Promise<{ result: unknown[] }>) =>
        call.then(
          ({ result }) => ({ count: result.length }),
          (error) => ({ code: error.code, attempts: page.getErrorInfo(error).attempts }),
        );
      const retried = await told(auth.listMyRefreshTokens({}));
      const late = await told(auth.listMyRefreshTokens({}, { timeoutMs: 300 }));
      const controller = new AbortController();
      const aborted = told(auth.listMyRefreshTokens({}, { signal: controller.signal }));
      setTimeout(() => controller.abort(), 200);
      return [retried, late, await aborted, await told(auth.listMyRefreshTokens({}))];
    }, inputOf(zitadel));
    expect(outcomes).toEqual([{ count: 6 }, { code: 4, attempts: 1 }, { code: 1, attempts: 1 }, { count: 6 }]);
  });
});

for (const [how, leave] of [
  ["closed", (application: Page) => application.close()],
  ["left for another page", (application: Page) => application.goto("about:blank")],
] as const) {
  testInChromium(`a tab that is ${how} in the middle of a call takes its request with it`, async () => {
    let arrived: (() => void) | undefined;
    const started = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let left: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    let posts = 0;
    using silent = await listen((request, response) => {
      if (request.method === "OPTIONS") {
        const headers = request.headers["access-control-request-headers"] ?? "";
        response.writeHead(204, { "access-control-allow-origin": "*", "access-control-allow-headers": headers }).end();
        return;
      }
      posts++;
      response.once("close", () => left?.());
      arrived?.();
    });
    await openApplication(async (application) => {
      await application.evaluate((baseUrl) => {
        void page
          .createAuthClient({ baseUrl, token: "abcdefgh" })
          .listMyRefreshTokens({})
          .catch(() => {});
      }, silent.url);
      await started;
      await leave(application);
      await gone;
    });
    expect(posts).toBe(1);
  });
}
