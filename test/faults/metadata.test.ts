import { Code, type Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { startAnswerServer } from "../helpers/answer-server.js";
import { type AnswerRow, rowClient, testAnswerRows } from "./answer-row.js";
import {
  errorAnswer,
  frame,
  grpcAnswer,
  jsonAnswer,
  listBytes,
  listJson,
  okAnswer,
  type ProtocolName,
} from "./answers.js";

const all: ProtocolName[] = ["grpc", "grpcWeb", "rest"];

describe("metadata", () => {
  testAnswerRows(sizeRows());
  testAnswerRows(cookieRows());

  for (const protocol of all) {
    test(`${protocol}: a cookie is not kept for the next call`, async () => {
      await using server = await startAnswerServer(protocol, () => {
        const answer = okAnswer(protocol);
        return { ...answer, headers: { ...answer.headers, "set-cookie": "zitadel.quota.exhausted=true; Path=/" } };
      });
      await using auth = rowClient(server, protocol);
      await auth.listMyRefreshTokens({});
      await auth.listMyRefreshTokens({});
      expect(server.requests.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined]);
    });

    test(`${protocol}: a cookie is not shown to callers and interceptors`, async () => {
      await using server = await startAnswerServer(protocol, () => {
        const answer = okAnswer(protocol);
        return { ...answer, headers: { ...answer.headers, "set-cookie": "a=1; Path=/", "x-shown": "yes" } };
      });
      const seen: Headers[] = [];
      const look: Interceptor = (next) => async (request) => {
        const response = await next(request);
        seen.push(response.header);
        return response;
      };
      await using auth = rowClient(server, protocol, { interceptors: [look] });
      await auth.listMyRefreshTokens({}, { onHeader: (header) => seen.push(header) });
      expect(seen).toHaveLength(2);
      for (const header of seen) {
        expect(header.get("x-shown")).toBe("yes");
        expect([...header.keys()]).not.toContain("set-cookie");
        expect(header.getSetCookie()).toEqual([]);
      }
    });
  }

  // A value that no header can carry, with what makes it so; the rest of it must not be in the error.
  const secret = "sEcReT-vAlUe";
  const values = [
    `${secret}\r\nx-evil: 1`,
    `${secret}\n`,
    `${secret}\r`,
    `${secret}\0`,
    `${secret}€`,
    `${secret}\u007f`,
  ];
  // What is refused before a protocol has a say.
  for (const value of values) {
    test(`a header value of ${shown(value)} is a TypeError with the name only`, async () => {
      const error = await refused({ "x-custom": value });
      expect(String(error)).toContain("x-custom");
      expect(String(error.stack)).not.toContain(secret);
      expect(error.cause).toBeUndefined();
    });
  }

  for (const name of ["x custom", "x:custom", "x\ncustom", ""]) {
    test(`${JSON.stringify(name)} is no header name`, async () => {
      await refused([[name, "1"]]);
    });
  }

  const reserved = [
    "authorization",
    "Authorization",
    "grpc-timeout",
    "grpc-encoding",
    "grpc-previous-rpc-attempts",
    "te",
    "content-type",
    "content-length",
    "cookie",
    "host",
    "connection",
    "transfer-encoding",
    ":path",
  ];
  for (const name of reserved) {
    test(`${name} is not the caller's to set`, async () => {
      const error = await refused([[name, secret]]);
      expect(error.message.toLowerCase()).toContain(name.toLowerCase());
      expect(String(error.stack)).not.toContain(secret);
    });
  }

  // Names that HTTP/2, Node or JavaScript gives a meaning of its own.
  for (const name of ["http2-settings", "HTTP2-Settings", "expect", "keep-alive", "upgrade", "__proto__"]) {
    test(`${name} is not the caller's to set, and the connection lives on`, async () => {
      await using server = await startAnswerServer("grpc", () => okAnswer("grpc"));
      await using auth = rowClient(server, "grpc");
      await auth.listMyRefreshTokens({});
      for (let i = 0; i < 3; i++) {
        const error = await rejection(auth.listMyRefreshTokens({}, { headers: [[name, "x"]] }));
        expect(error).toBeInstanceOf(TypeError);
        expect(String(error)).toContain(name.toLowerCase());
      }
      await auth.listMyRefreshTokens({});
      expect(server.requests).toHaveLength(2);
      expect(server.connections).toBe(1);
    });
  }

  for (const [what, headers] of [
    ["a value of 66 KB", { "x-large": "v".repeat(66_000) }],
    ["a name of 66 KB", { [`x-${"n".repeat(66_000)}`]: "1" }],
    ["1,000 headers", Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x-${i}`, "v"]))],
  ] as const) {
    test(`${what} is a TypeError, and the connection lives on`, async () => {
      await using server = await startAnswerServer("grpc", () => okAnswer("grpc"));
      await using auth = rowClient(server, "grpc");
      await auth.listMyRefreshTokens({});
      const error = await rejection(auth.listMyRefreshTokens({}, { headers }));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("16 KiB");
      expect(String(error).length).toBeLessThan(300);
      await auth.listMyRefreshTokens({});
      expect(server.requests).toHaveLength(2);
      expect(server.connections).toBe(1);
    });
  }

  test("16 KiB of headers are sent, as HTTP/2 counts them, and a byte more is not", async () => {
    await using server = await startAnswerServer("grpc", () => okAnswer("grpc"));
    await using auth = rowClient(server, "grpc");
    const value = "v".repeat(16 * 1024 - "x-large".length - 32);
    await auth.listMyRefreshTokens({}, { headers: { "x-large": value } });
    expect(server.requests[0]?.headers["x-large"]).toBe(value);
    await refused({ "x-large": `${value}v` });
  });

  test("the values of a name that is there twice are one, with a comma between", async () => {
    await using server = await startAnswerServer("grpc", () => okAnswer("grpc"));
    await using auth = rowClient(server, "grpc");
    const headers: [string, string][] = [
      ["x-twice", "a"],
      ["X-Twice", "b"],
    ];
    await auth.listMyRefreshTokens({}, { headers });
    expect(server.requests[0]?.headers["x-twice"]).toBe("a, b");
  });

  for (const headers of [null, "abc", 5, [null]]) {
    test(`headers of ${JSON.stringify(headers)} are a TypeError`, async () => {
      const error = await refused(headers as never);
      expect(error.message).toBe("headers must be Headers, an object, or pairs of a name and a value");
    });
  }

  for (const value of [undefined, null, 1, {}, ["a"]]) {
    test(`a value of ${JSON.stringify(value)} is a TypeError`, async () => {
      const error = await refused({ "x-odd": value as string });
      expect(error.message).toContain('"x-odd"');
    });
  }

  for (const protocol of all) {
    test(`${protocol}: headers are read by own properties, and their names may be those of an object's`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol);
      const prototype = Object.prototype as Record<string, unknown>;
      prototype["x-polluted"] = "1";
      try {
        const headers = { constructor: "a", toString: "b", hasOwnProperty: "c" } as unknown as Record<string, string>;
        await auth.listMyRefreshTokens({}, { headers: { ...headers, "x-own": "  d " } });
      } finally {
        delete prototype["x-polluted"];
      }
      const seen = Object.fromEntries(server.requests[0]?.fields ?? []);
      expect(seen).toMatchObject({ constructor: "a", tostring: "b", hasownproperty: "c", "x-own": "d" });
      expect(Object.keys(seen)).not.toContain("x-polluted");
    });

    test(`${protocol}: what a request is made of`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol);
      await auth.listMyRefreshTokens({});
      const [request] = server.requests;
      const type = { grpc: "application/grpc", grpcWeb: "application/grpc-web+proto", rest: "application/json" };
      expect(request).toMatchObject({
        method: "POST",
        path:
          protocol === "rest"
            ? "/auth/v1/users/me/tokens/refresh/_search"
            : "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
        headers: {
          "content-type": type[protocol],
          "user-agent": expect.stringMatching(/./),
          ...(protocol === "grpc" && { te: "trailers" }),
        },
      });
      expect([...(request?.body ?? [])]).toEqual(protocol === "rest" ? [...Buffer.from("{}")] : [0, 0, 0, 0, 0]);
      const names = (request?.fields ?? []).map(([name]) => name);
      expect(new Set(names).size).toBe(names.length);
    });

    test(`${protocol}: metadata goes there and back, text and binary`, async () => {
      await using server = await startAnswerServer(protocol, ({ headers }) => {
        const initial = { "x-grpc-test-echo-initial": String(headers["x-grpc-test-echo-initial"]) };
        const trailing = { "x-grpc-test-echo-trailing-bin": String(headers["x-grpc-test-echo-trailing-bin"]) };
        if (protocol === "rest") return jsonAnswer(listJson, 200, { ...initial, ...trailing });
        return grpcAnswer(protocol, {
          headers: initial,
          frames: [frame(listBytes)],
          trailers: { "grpc-status": "0", ...trailing },
        });
      });
      await using auth = rowClient(server, protocol);
      const received = { header: new Headers(), trailer: new Headers() };
      await auth.listMyRefreshTokens(
        {},
        {
          // The values of gRPC's interop test custom_metadata.
          headers: {
            "x-grpc-test-echo-initial": "test_initial_metadata_value",
            "x-grpc-test-echo-trailing-bin": "q6ur",
          },
          onHeader: (header) => Object.assign(received, { header }),
          onTrailer: (trailer) => Object.assign(received, { trailer }),
        },
      );
      const { header, trailer } = received;
      // REST has no trailers.
      const last = protocol === "rest" ? header : trailer;
      expect(header.get("x-grpc-test-echo-initial")).toBe("test_initial_metadata_value");
      expect(trailer.get("x-grpc-test-echo-initial")).toBeNull();
      expect(last.get("x-grpc-test-echo-trailing-bin")).toBe("q6ur");
      if (last === trailer) expect(header.get("x-grpc-test-echo-trailing-bin")).toBeNull();
    });

    test(`${protocol}: headers of the caller's own arrive as they are`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol);
      await auth.listMyRefreshTokens({}, { headers: { "x-zitadel-orgid": "69629023906488334", "X-Mixed": "a b" } });
      expect(server.requests[0]?.headers).toMatchObject({ "x-zitadel-orgid": "69629023906488334", "x-mixed": "a b" });
    });
  }
});

/** A text with what cannot be printed escaped. */
function shown(text: string): string {
  return JSON.stringify(text).replace(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

/** The TypeError that a call with such headers rejects with, having sent nothing. */
async function refused(headers: HeadersInit): Promise<Error> {
  await using server = await startAnswerServer("grpc", () => okAnswer("grpc"));
  await using auth = rowClient(server, "grpc");
  const error = await rejection(auth.listMyRefreshTokens({}, { headers }));
  expect(error).toBeInstanceOf(TypeError);
  expect(server.connections).toBe(0);
  return error as Error;
}

function sizeRows(): AnswerRow[] {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-header-${i}`, "v"]));
  return [
    {
      name: "a response header of 12 KiB is fine",
      on: ["grpc"],
      answer: () => grpcAnswer("grpc", { headers: { "x-large": "v".repeat(12 * 1024) }, frames: [frame(listBytes)] }),
      want: { code: "ok" },
    },
    {
      name: "200 response headers are taken",
      on: ["grpc"],
      answer: () => grpcAnswer("grpc", { headers: many, frames: [frame(listBytes)] }),
      want: { code: "ok" },
    },
    {
      name: "a response header of 100 KiB is Unavailable",
      on: ["grpcWeb", "rest"],
      answer: (protocol) => {
        const answer = okAnswer(protocol);
        return { ...answer, headers: { ...answer.headers, "x-large": "v".repeat(100 * 1024) } };
      },
      want: { code: Code.Unavailable, reason: "bad-http" },
    },
  ];
}

function cookieRows(): AnswerRow[] {
  const headers = {
    "set-cookie": "zitadel.quota.exhausted=true; Path=/",
    "proxy-authenticate": 'Basic realm="inside"',
    "x-request-id": "d2f4",
  };
  return [
    {
      name: "cookies and challenges of proxies are not in an error's metadata",
      on: all,
      answer: (protocol) => errorAnswer(protocol, Code.PermissionDenied, { headers }),
      want: {
        code: Code.PermissionDenied,
        fromServer: true,
        error: ({ metadata }) => {
          expect(metadata.get("set-cookie")).toBeNull();
          expect(metadata.getSetCookie()).toEqual([]);
          expect(metadata.get("proxy-authenticate")).toBeNull();
          expect(metadata.get("x-request-id")).toBe("d2f4");
        },
      },
    },
    {
      // A hostile server must not fill the memory of whoever keeps errors.
      name: "an error keeps at most 64 headers",
      on: all,
      answer: (protocol) => {
        const many = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`x-header-${i}`, "v"]));
        return errorAnswer(protocol, Code.PermissionDenied, { headers: many });
      },
      want: {
        code: Code.PermissionDenied,
        fromServer: true,
        error: ({ metadata }) => expect([...metadata]).toHaveLength(64),
      },
    },
    {
      name: "an error keeps at most 8 KiB of headers",
      on: all,
      answer: (protocol) => {
        const large = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x-header-${i}`, "v".repeat(500)]));
        return errorAnswer(protocol, Code.PermissionDenied, { headers: large });
      },
      want: {
        code: Code.PermissionDenied,
        fromServer: true,
        error: ({ metadata }) => {
          const { length } = [...metadata].flat().join("");
          expect(length).toBeGreaterThan(7_000);
          expect(length).toBeLessThanOrEqual(8 * 1024);
        },
      },
    },
  ];
}
