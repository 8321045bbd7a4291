import { inspect } from "node:util";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { createAuthClient, createAuthTransport, type TokenContext, type TransportOptions } from "../../src/node.js";
import { type Answer, type SeenRequest, startAnswerServer } from "../helpers/answer-server.js";
import { protocols, rowClient } from "./answer-row.js";
import {
  errorAnswer,
  errorDetail,
  frame,
  grpcAnswer,
  jsonAnswer,
  listBytes,
  listJson,
  okAnswer,
  type ProtocolName,
  trailerFrame,
} from "./answers.js";
import { canaryToken, expectOutcome, placesOf } from "./fault-row.js";

const all: ProtocolName[] = ["grpc", "grpcWeb", "rest"];

/** As little of the token as must not show: what is cut off within a token still gives it away. */
const telling = canaryToken.slice(0, 10);

/** What the rows of the other sections produce, one of each kind; their own tests look for the token as well. */
const faults: { name: string; answer: (protocol: ProtocolName) => Answer; options?: Partial<TransportOptions> }[] = [
  { name: "a hang-up", answer: () => ({ hangUp: true }) },
  { name: "a stall", answer: () => ({ stall: "before-head" }), options: { timeoutMs: 100 } },
  { name: "HTML", answer: () => ({ headers: { "content-type": "text/html" }, body: Buffer.from("<html>") }) },
  { name: "HTTP 502", answer: () => ({ status: 502 }) },
  { name: "HTTP 401", answer: () => ({ status: 401 }) },
  { name: "a redirect", answer: () => ({ status: 307, headers: { location: "/elsewhere" } }) },
  { name: "half an answer", answer: (protocol) => ({ ...okAnswer(protocol), body: Uint8Array.of(0, 0, 0) }) },
  { name: "garbage", answer: (protocol) => ({ ...okAnswer(protocol), body: Buffer.alloc(40, 0x21) }) },
  { name: "Unavailable", answer: (protocol) => errorAnswer(protocol, Code.Unavailable) },
  { name: "Internal", answer: (protocol) => errorAnswer(protocol, Code.Internal) },
  { name: "too much", answer: okAnswer, options: { maxResponseBytes: 1 } },
];

describe("the token stays out of errors", () => {
  for (const protocol of all) {
    for (const { name, answer, options } of faults) {
      test(`${protocol}: ${name}`, async () => {
        await using server = await startAnswerServer(protocol, () => answer(protocol));
        await using auth = rowClient(server, protocol, options);
        const error = await rejection(auth.listMyRefreshTokens({}));
        expect(error).toBeInstanceOf(ConnectError);
        expect(placesOf(canaryToken, error)).toEqual([]);
        // With interceptors the call takes another path.
        const pass: Interceptor = (next) => (request) => next(request);
        await using intercepted = rowClient(server, protocol, { ...options, interceptors: [pass] });
        const another = await rejection(intercepted.listMyRefreshTokens({}));
        expect(another).toBeInstanceOf(ConnectError);
        expect(placesOf(canaryToken, another)).toEqual([]);
      });
    }

    // Servers that say back what they were sent, in the form that the request had it.
    const echoes: { where: string; answer: (token: string) => Answer }[] = [
      {
        where: "message",
        answer: (token) => errorAnswer(protocol, Code.PermissionDenied, { message: `not ${token}!` }),
      },
      {
        where: "a header",
        answer: (token) =>
          errorAnswer(protocol, Code.PermissionDenied, { headers: { "x-echo": `a ${token} b`, "x-plain": "kept" } }),
      },
      {
        where: "authorization",
        answer: (token) => errorAnswer(protocol, Code.PermissionDenied, { headers: { authorization: token } }),
      },
      {
        where: "a challenge",
        answer: (token) =>
          errorAnswer(protocol, Code.Unauthenticated, { headers: { "www-authenticate": `Bearer t="${token}"` } }),
      },
      {
        where: "a detail",
        answer: (token) =>
          errorAnswer(protocol, Code.PermissionDenied, { details: [errorDetail("AUTH-x1", `not ${token}!`)] }),
      },
      {
        where: "a detail's id",
        answer: (token) => errorAnswer(protocol, Code.PermissionDenied, { details: [errorDetail(token, "no")] }),
      },
      {
        where: "a detail of an unknown type",
        answer: (token) => {
          const value = Buffer.from(`\n${String.fromCharCode(token.length)}${token}`, "latin1");
          const typeUrl = "type.googleapis.com/example.Unheard";
          return errorAnswer(protocol, Code.PermissionDenied, { details: [{ typeUrl, value, json: { token } }] });
        },
      },
      {
        where: "a detail's type",
        answer: (token) => {
          const typeUrl = `type.googleapis.com/${token}`;
          return errorAnswer(protocol, Code.PermissionDenied, {
            details: [{ typeUrl, value: Buffer.alloc(0), json: {} }],
          });
        },
      },
      {
        where: "a message that is cut off within it",
        answer: (token) => errorAnswer(protocol, Code.PermissionDenied, { message: `${"x".repeat(255)}${token}` }),
      },
      {
        where: "a message that quotes its start",
        answer: (token) => errorAnswer(protocol, Code.PermissionDenied, { message: `not ${token.slice(0, 20)}...` }),
      },
      {
        where: "a header's base64",
        answer: (token) =>
          errorAnswer(protocol, Code.PermissionDenied, {
            headers: { "x-echo-bin": Buffer.from(token).toString("base64"), "x-plain-bin": "AAAA" },
          }),
      },
      { where: "a redirect", answer: (token) => ({ status: 302, headers: { location: `/?token=${token}` } }) },
      { where: "the content type", answer: (token) => ({ headers: { "content-type": `text/${token}` } }) },
      {
        where: "a header's name",
        answer: (token) => errorAnswer(protocol, Code.PermissionDenied, { headers: { [`x-${token}`]: "1" } }),
      },
      ...(protocol === "rest"
        ? [
            { where: "a field's name", answer: (token: string) => jsonAnswer(`{"result":[{"${token}":1,"id":2}]}`) },
            { where: "a field's value", answer: (token: string) => jsonAnswer(`{"result":"${token}"}`) },
            { where: "what is no JSON", answer: (token: string) => jsonAnswer(token) },
          ]
        : [
            {
              where: "a percent-encoded message",
              answer: (token: string) => {
                const encoded = Array.from(Buffer.from(token), (byte) => `%${byte.toString(16)}`).join("");
                return grpcAnswer(protocol, { trailers: { "grpc-status": "7", "grpc-message": encoded } });
              },
            },
            {
              where: "grpc-status",
              answer: (token: string) => grpcAnswer(protocol, { trailers: { "grpc-status": token } }),
            },
            {
              where: "grpc-encoding",
              answer: (token: string) =>
                grpcAnswer(protocol, { headers: { "grpc-encoding": token }, frames: [frame(listBytes, 1)] }),
            },
            {
              where: "the trailers of an error",
              answer: (token: string) =>
                grpcAnswer(protocol, { trailers: { "grpc-status": "7", "x-echo": token, "x-bin": "AAAA" } }),
            },
          ]),
    ];
    for (const { where, answer } of echoes) {
      for (const form of ["the token", "the header"] as const) {
        // A space cannot be sent there.
        if (form === "the header" && where === "a header's name") continue;
        test(`${protocol}: ${form} in ${where} of an answer`, async () => {
          await using server = await startAnswerServer(protocol, ({ headers }) =>
            answer(form === "the token" ? canaryToken : String(headers.authorization)),
          );
          await using auth = rowClient(server, protocol);
          const error = await rejection(auth.listMyRefreshTokens({}));
          expect(error).toBeInstanceOf(ConnectError);
          expect(placesOf(telling, error)).toEqual([]);
          for (const [name, value] of (error as ConnectError).metadata) {
            if (name.endsWith("-bin")) expect(atob(value)).not.toContain(telling);
            expect(unescape(value)).not.toContain(telling);
          }
          if (where === "message") expect((error as Error).message).toMatch(/not .*\[redacted\]!/);
          if (where === "a header") expect((error as ConnectError).metadata.get("x-plain")).toBe("kept");
        });
      }
    }

    if (protocol !== "grpc") {
      test(`${protocol}: the header of the request on the error of a caller's fetch`, async () => {
        const fetch = async (_input: unknown, init: RequestInit | undefined) => {
          const config = { headers: new Headers(init?.headers), init };
          throw Object.assign(new Error("Network Error"), { code: "ERR_NETWORK", config });
        };
        await using auth = rowClient({ baseUrl: "http://127.0.0.1:1" }, protocol, { fetch });
        const error = await rejection(auth.listMyRefreshTokens({}));
        expect(placesOf(telling, error)).toEqual([]);
        expect((error as ConnectError).cause).toMatchObject({ message: "Network Error", code: "ERR_NETWORK" });
      });
    }

    for (const scheme of ["Bearer", "Basic"]) {
      test(`${protocol}: a ${scheme} authorization of the caller's own is scrubbed as the token is`, async () => {
        await using server = await startAnswerServer(protocol, ({ headers }) =>
          errorAnswer(protocol, Code.PermissionDenied, {
            message: `not ${headers.authorization}!`,
            headers: { "x-echo": String(headers.authorization) },
          }),
        );
        const pass: Interceptor = (next) => (request) => next(request);
        for (const interceptors of [[], [pass]]) {
          await using auth = rowClient(server, protocol, { token: undefined, interceptors });
          const headers = { authorization: `${scheme} ${canaryToken}` };
          const error = await rejection(auth.listMyRefreshTokens({}, { headers }));
          expect(placesOf(telling, error)).toEqual([]);
          expect((error as Error).message).toContain(`not ${scheme} [redacted]!`);
        }
      });
    }

    if (protocol !== "grpc") {
      test(`${protocol}: a Request on the error of a caller's fetch`, async () => {
        const fetch = async (input: string | URL | Request, init: RequestInit | undefined) => {
          throw Object.assign(new TypeError("fetch failed"), {
            request: new Request(input, init),
            sent: new Set([init]),
          });
        };
        await using auth = rowClient({ baseUrl: "http://127.0.0.1:1" }, protocol, { fetch });
        const error = await rejection(auth.listMyRefreshTokens({}));
        expect(placesOf(telling, error)).toEqual([]);
        expect((error as ConnectError).cause).toMatchObject({ message: "fetch failed" });
      });
    }

    test(`${protocol}: the token that a refresh replaced is scrubbed as well`, async () => {
      const seen: string[] = [];
      await using server = await startAnswerServer(protocol, ({ headers }) => {
        seen.push(String(headers.authorization).slice("Bearer ".length));
        return errorAnswer(protocol, Code.Unauthenticated, { message: `neither ${seen.join(" nor ")}` });
      });
      // Nothing alike, so that neither is found by looking for the other.
      const refreshed = canaryToken.split("").reverse().join("");
      const token = ({ refresh }: TokenContext) => (refresh ? refreshed : canaryToken);
      await using auth = rowClient(server, protocol, { token });
      const error = await rejection(auth.listMyRefreshTokens({}));
      expect(seen).toEqual([canaryToken, refreshed]);
      for (const each of seen) expect(placesOf(each.slice(0, 10), error)).toEqual([]);
    });

    test(`${protocol}: what a failing interceptor can see has no token`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      const seen: unknown[] = [];
      const look: Interceptor = (next) => async (request) => {
        seen.push(request.url, [...request.header], request);
        const response = await next(request);
        seen.push([...response.header], response);
        throw new Error("interceptor failed");
      };
      await using auth = rowClient(server, protocol, { interceptors: [look] });
      const error = await rejection(auth.listMyRefreshTokens({}));
      expect(String(error)).toBe("Error: interceptor failed");
      expect(placesOf(canaryToken, [error, seen])).toEqual([]);
    });
  }
});

describe("the token stays out of clients", () => {
  for (const protocol of all) {
    for (const kind of ["fixed", "provided"] as const) {
      test(`${protocol}: no print or copy of a client or transport shows a ${kind} token`, async () => {
        await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
        const options = {
          baseUrl: server.baseUrl,
          protocol: protocols[protocol],
          // Joined at run time: a function's source would show a literal.
          token: kind === "fixed" ? canaryToken : () => [canaryToken.slice(0, 5), canaryToken.slice(5)].join(""),
        };
        await using auth = createAuthClient(options);
        await using transport = createAuthTransport(options);
        const other = auth.withToken(canaryToken);
        await auth.listMyRefreshTokens({});
        await other.listMyRefreshTokens({});
        for (const value of [auth, transport, other]) {
          expect(placesOf(canaryToken, value)).toEqual([]);
          expect(inspect(value, { depth: 20, showHidden: true, getters: true })).not.toContain(canaryToken);
          expect(JSON.stringify(value) ?? "").not.toContain(canaryToken);
          expect(copyOf(value)).not.toContain(canaryToken);
        }
      });
    }

    test(`${protocol}: a response holds no token`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol);
      let headers: Headers | undefined;
      const response = await auth.listMyRefreshTokens(
        {},
        {
          onHeader: (given) => {
            headers = given;
          },
        },
      );
      expect(headers).toBeDefined();
      expect(placesOf(canaryToken, [response, headers])).toEqual([]);
    });

    test(`${protocol}: the token is in one header, and in no URL, other header or body`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol);
      await auth.listMyRefreshTokens({});
      const [request] = server.requests as [SeenRequest];
      expect(request.path).not.toContain(canaryToken);
      expect(request.body.toString("latin1")).not.toContain(canaryToken);
      const holding = request.fields.filter((field) => field.some((text) => text.includes(canaryToken)));
      expect(holding).toEqual([["authorization", `Bearer ${canaryToken}`]]);
    });
  }
});

describe("the token goes to its own server, encrypted or over the loopback", () => {
  for (const protocol of all) {
    const create = (baseUrl: string, options: Partial<TransportOptions> = {}) =>
      createAuthClient({ baseUrl, protocol: protocols[protocol], token: canaryToken, ...options });

    test(`${protocol}: withToken on a cleartext client is refused as well`, async () => {
      await using auth = create("http://zitadel.example", { token: undefined });
      expect(() => auth.withToken(canaryToken)).toThrow(TypeError);
    });

    test(`${protocol}: a polluted prototype does not allow cleartext`, () => {
      const prototype = Object.prototype as { allowInsecure?: boolean };
      prototype.allowInsecure = true;
      try {
        expect(() => create("http://zitadel.example")).toThrow(TypeError);
      } finally {
        delete prototype.allowInsecure;
      }
    });

    for (const [name, value] of Object.entries({ maxAttempts: 99, connectTimeoutMs: -1, cert: "none" })) {
      test(`${protocol}: a polluted prototype sets no ${name}`, async () => {
        const prototype = Object.prototype as Record<string, unknown>;
        prototype[name] = value;
        try {
          await create("https://zitadel.example", { retry: {}, http2: { tls: {} } }).close();
        } finally {
          delete prototype[name];
        }
      });
    }

    test(`${protocol}: headers named like members of the prototype do no harm`, async () => {
      const names = { constructor: "1", hasownproperty: "1", tostring: "1", valueof: "1" };
      await using server = await startAnswerServer(protocol, () =>
        errorAnswer(protocol, Code.PermissionDenied, { headers: { ...names, ["__proto__"]: "1" } }),
      );
      await using auth = rowClient(server, protocol);
      const { error } = await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
        code: Code.PermissionDenied,
        fromServer: true,
        attempts: 1,
      });
      expect(error?.metadata.get("constructor")).toBe("1");
      expect(Object.keys(Object.prototype)).toEqual([]);
    });
  }

  for (const protocol of ["grpcWeb", "rest"] as const) {
    test(`${protocol}: fetch is told to add no credentials and no referrer, and to follow nothing`, async () => {
      const seen: { url: string; init: RequestInit | undefined }[] = [];
      await using auth = createAuthClient({
        baseUrl: "https://zitadel.example/prefix",
        protocol: protocols[protocol],
        token: canaryToken,
        fetch: async (input, init) => {
          seen.push({ url: String(input instanceof Request ? input.url : input), init });
          const trailers = trailerFrame({ "grpc-status": "0" });
          return protocol === "rest"
            ? new Response(listJson, { headers: { "content-type": "application/json" } })
            : new Response(Buffer.concat([frame(listBytes), trailers]), {
                headers: { "content-type": "application/grpc-web+proto" },
              });
        },
      });
      await auth.listMyRefreshTokens({});
      expect(seen).toHaveLength(1);
      expect(new URL(seen[0]?.url ?? "").origin).toBe("https://zitadel.example");
      expect(seen[0]?.url).not.toContain(canaryToken);
      expect(seen[0]?.init).toMatchObject({
        method: "POST",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        redirect: "manual",
      });
    });
  }
});

describe("parsers are linear", () => {
  const megabyte = 1 << 20;
  const hostile = ["a", " ", "=", "%", "%E2%82", "-", ".", "Bearer ", "\t", "1"].map((part) =>
    part.repeat(megabyte / part.length),
  );
  for (const text of hostile) {
    const name = JSON.stringify(text.slice(0, 7));
    test(`a megabyte of ${name} as token, header, baseUrl and message takes no time`, async () => {
      const start = process.cpuUsage();
      const options = { baseUrl: "http://127.0.0.1:1", retry: false, timeoutMs: 5000 } as const;
      expect(() => createAuthClient({ ...options, token: text })).toThrow(TypeError);
      await using auth = createAuthClient({ ...options, token: async () => text });
      await rejection(auth.listMyRefreshTokens({}));
      await rejection(auth.listMyRefreshTokens({}, { headers: { "x-a": text } }));
      await rejection(auth.listMyRefreshTokens({}, { headers: [[text, "1"]] }));
      try {
        await createAuthClient({ baseUrl: `https://${text}` }).close();
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
      const body = Buffer.concat([
        frame(Buffer.from(`grpc-status: 7\r\ngrpc-message: ${text}\r\n${text}: 1\r\nx: ${text}\r\n`), 0x80),
      ]);
      const headers = { "content-type": "application/grpc-web+proto" };
      const fetch = async () => new Response(body, { headers });
      await using web = createAuthClient({ ...options, protocol: protocols.grpcWeb, fetch });
      expect(await rejection(web.listMyRefreshTokens({}))).toBeInstanceOf(ConnectError);
      for (const name of ["content-type", "retry-after", "grpc-status", "grpc-retry-pushback-ms", "grpc-encoding"]) {
        const odd = { ...headers, [name]: name === "content-type" ? `text/${text}` : text };
        const answers = async () => new Response("", { status: 429, headers: odd });
        for (const protocol of [protocols.grpcWeb, protocols.rest]) {
          await using hostile = createAuthClient({ ...options, protocol, fetch: answers });
          expect(await rejection(hostile.listMyRefreshTokens({}))).toBeInstanceOf(ConnectError);
        }
      }
      // A quadratic step over a megabyte takes minutes.
      const { user, system } = process.cpuUsage(start);
      expect((user + system) / 1e6).toBeLessThan(3);
    });
  }
});

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("the call was meant to fail");
    },
    (reason: unknown) => reason,
  );
}

/** What structured clone makes of a value, or nothing where it refuses. */
function copyOf(value: unknown): string {
  try {
    return inspect(structuredClone(value), { depth: 20 });
  } catch {
    return "";
  }
}
