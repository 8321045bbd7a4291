import { describe, expect, test } from "@jest/globals";
import { comparable } from "./comparable.js";
import { grpcRequests, recordedAt, users, webRequests } from "./recorded-requests.js";
import { start } from "./start-local.js";
import { haveTraces, readCurl, readCurlAnswer, readGrpcAnswer, readTraces, type WireAnswer } from "./trace.js";
import { sendHttp1, sendHttp2, type WireRequest } from "./wire-request.js";

// One difference is on purpose: an upgrade to h2c is not made, and the request is answered over HTTP/1.1. Node's http2
// cannot take over an upgraded connection, and HTTP/2 has dropped the upgrade (RFC 9113).
const upgraded = "REST via h2c upgrade";

describe("the local ZITADEL answers as a server of the same Go libraries did", () => {
  if (!haveTraces) {
    test.skip("there are no recorded answers here: REFERENCE_DIR names no folder that holds them", () => {});
    return;
  }

  for (const { title, lines } of readTraces("rest.txt")) {
    test(title, async () => {
      const zitadel = await start({ users, now: () => new Date(recordedAt) });
      const answer = await sendHttp1(zitadel.url, readCurl(lines[0] ?? ""));
      expectSame(title, answer, readCurlAnswer(lines.slice(1)));
    });
  }

  for (const { title, lines } of readTraces("grpc.txt")) {
    test(title, async () => {
      const zitadel = await start({ users, now: () => new Date(recordedAt) });
      const request = grpcRequests[title.replace(/^GRPC /, "")];
      expect(request).toBeDefined();
      expectSame(title, await sendHttp2(zitadel.url, request as WireRequest), readGrpcAnswer(lines));
    });
  }

  for (const { title, lines } of readTraces("grpcweb.txt")) {
    test(title, async () => {
      const zitadel = await start({ users, now: () => new Date(recordedAt) });
      const known = webRequests[title];
      expect(known).toBeDefined();
      const { request, http2 } = known as { request: WireRequest; http2?: true };
      const answer = await (http2 ? sendHttp2 : sendHttp1)(zitadel.url, request);
      expectSame(title, answer, readCurlAnswer(lines));
    });
  }
});

function expectSame(title: string, actual: WireAnswer, recorded: WireAnswer): void {
  // Over HTTP/2 names have no capitals.
  const lower = ([name, value]: readonly [string, string]) => [name.toLowerCase(), value] as const;
  const seen = title === upgraded ? { ...actual, headers: actual.headers.map(lower) } : actual;
  const isRevoke = title.includes("revoke");
  const { isCut = false } = recorded;
  expect(comparable({ ...seen, isCut }, isRevoke)).toEqual(comparable(recorded, isRevoke));
  if (isCut) {
    // The nanoseconds of the view timestamp, which the local clock has as milliseconds.
    const hex = Buffer.from(actual.body).toString("hex").replace("10c0a9d33a", "108094ef3a");
    expect(hex.slice(0, recorded.body.length * 2)).toBe(Buffer.from(recorded.body).toString("hex"));
  }
}
