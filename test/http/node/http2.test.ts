import { once } from "node:events";
import { connect } from "node:http2";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { HttpCall, HttpClient, HttpGuard } from "../../../src/http/http.js";
import { createHttp2Client } from "../../../src/http/node/http2.js";
import { Code, createAuthClient, getErrorInfo, grpc, grpcWeb, rest } from "../../../src/node.js";
import { startRawH2 } from "../../helpers/raw-h2.js";

const guard: HttpGuard = { checkHead() {}, checkStart() {}, startBytes: () => 0, maxBodyBytes: 1e6 };

function send(client: HttpClient, headers: Record<string, string>) {
  const call: HttpCall = { stopped: undefined, step: "", onStop() {}, offStop() {}, notSent() {} };
  return client.send({ method: "POST", path: "/", headers, body: new Uint8Array(5) }, guard, call);
}

for (const protocol of [grpc, grpcWeb, rest]) {
  test(`an answer over HTTP/2 that has a content-encoding, which nobody asked for, is told so, ${protocol.name}`, async () => {
    const type = { grpc: "grpc", "grpc-web": "grpc-web", rest: "json" }[protocol.name];
    await using server = await startRawH2({
      onRequest: (stream) =>
        stream.respond(200, { "content-type": `application/${type}`, "content-encoding": "gzip" }, "zipped"),
    });
    await using auth = createAuthClient({ baseUrl: server.url, protocol, http2: {} });
    const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: Code.Internal,
      rawMessage: "the server used content-encoding gzip, which was not asked for",
    });
    expect(getErrorInfo(error)).toMatchObject({ reason: "decompress", attempts: 1, httpStatus: 200 });
  });
}

// Metadata is checked before it comes here; this is what holds should something slip through.
describe("header fields that cannot be sent", () => {
  for (const name of ["http2-settings", "connection", ":scheme2"]) {
    test(`"${name}" is a TypeError without the value, and the connection stays`, async () => {
      await using server = await startRawH2();
      const client = createHttp2Client(server.url, {});
      try {
        await send(client, {});
        const thrown = await send(client, { [name]: "s3cret" }).catch((error: unknown) => error);
        expect(thrown).toBeInstanceOf(TypeError);
        expect(String(thrown)).toMatch(/cannot be sent over HTTP\/2/);
        expect(String(thrown)).not.toContain("s3cret");
        await send(client, {});
        expect(server.requests).toHaveLength(2);
        expect(server.connections).toHaveLength(1);
      } finally {
        client.close();
      }
    });
  }

  test("a value of 66 KB is the server's to refuse, and the connection stays", async () => {
    await using server = await startRawH2();
    const client = createHttp2Client(server.url, {});
    try {
      for (let call = 0; call < 3; call++) await send(client, { "x-long": "y".repeat(66_000) });
      expect(server.requests.map((headers) => headers["x-long"]?.length)).toEqual([66_000, 66_000, 66_000]);
      expect(server.connections).toHaveLength(1);
    } finally {
      client.close();
    }
  });
});

describe("a connection whose stream numbers have run out", () => {
  // The server cannot bring that about. So the method by which Node makes requests sets the number to the last one first.
  let restore = () => {};
  afterEach(() => restore());

  for (const retry of [{}, false] as const) {
    test(`is replaced, ${retry ? "with" : "without"} retry`, async () => {
      await using server = await startRawH2();
      await lastNumberFirst(server.url);
      await using client = createAuthClient({ baseUrl: server.url, retry });
      for (let call = 0; call < 4; call++) await client.listMyRefreshTokens({});
      expect(server.connections.map(({ requests }) => requests)).toEqual([0, 1, 3]);
    });
  }

  async function lastNumberFirst(url: string): Promise<void> {
    const session = connect(url);
    await once(session, "remoteSettings");
    const prototype = Object.getPrototypeOf(session);
    session.destroy();
    const { request } = prototype;
    restore = () => Object.assign(prototype, { request });
    type Numbered = typeof session & { setNextStreamID(id: number): void };
    prototype.request = function (this: Numbered, ...args: Parameters<typeof session.request>) {
      Object.assign(prototype, { request });
      this.setNextStreamID(2 ** 31 - 1);
      return this.request(...args);
    };
  }
});

test("20,000 calls at once are all answered", async () => {
  await using server = await startRawH2({
    onRequest(one) {
      // So many requests are more than the first window holds.
      one.connection.windowUpdate(5);
      one.ok();
    },
  });
  await using client = createAuthClient({ baseUrl: server.url, timeoutMs: false, retry: false });
  const calls = Array.from({ length: 20_000 }, () => client.listMyRefreshTokens({}));
  const failed = (await Promise.allSettled(calls)).flatMap((call) => (call.status === "rejected" ? [call.reason] : []));
  expect(failed.map((error) => `${Code[error.code]} ${getErrorInfo(error).reason}`)).toEqual([]);
  expect(server.connections).toHaveLength(1);
}, 120_000);
