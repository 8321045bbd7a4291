import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AuthService } from "../../../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../../../gen/zitadel/message_pb.js";
import { createAuthTransport, getErrorInfo, rest } from "../../../src/node.js";
import { type RestAnswer, startRestServer } from "./rest-server.js";

let server: Awaited<ReturnType<typeof startRestServer>>;
let transport: ReturnType<typeof createAuthTransport>;

beforeAll(async () => {
  server = await startRestServer();
  transport = createAuthTransport({ baseUrl: server.url, protocol: rest, retry: false });
});
afterAll(async () => {
  await transport.close();
  await server.close();
});

async function errorOf(answer: RestAnswer) {
  server.answer(answer);
  const error = await createClient(AuthService, transport)
    .revokeMyRefreshToken({ id: "1" })
    .then(
      (message) => expect(message).toBe("an error"),
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): RestAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

const detail = {
  "@type": "type.googleapis.com/zitadel.v1.ErrorDetail",
  id: "AUTH-7fs1e",
  message: "Errors.Token.Invalid",
};

// What grpc-gateway makes of each gRPC code.
const gateway = {
  1: 499,
  2: 500,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  12: 501,
  13: 500,
  14: 503,
  15: 500,
  16: 401,
};

describe("an error of the gateway", () => {
  for (const [code, status] of Object.entries(gateway)) {
    test(`code ${code} with HTTP ${status}`, async () => {
      const error = await errorOf(
        json(status, { code: Number(code), message: "words (AUTH-7fs1e)", details: [detail] }),
      );
      expect(error.code).toBe(Number(code));
      expect(error.rawMessage).toBe("words (AUTH-7fs1e)");
      expect(error.findDetails(ErrorDetailSchema).map(({ id, message }) => ({ id, message }))).toEqual([
        { id: "AUTH-7fs1e", message: "Errors.Token.Invalid" },
      ]);
      const hint = expect.stringContaining("urn:zitadel:iam:org:project:id:zitadel:aud");
      expect(getErrorInfo(error)).toEqual({
        code: Number(code),
        id: "AUTH-7fs1e",
        attempts: 1,
        httpStatus: status,
        fromServer: true,
        hint,
      });
    });
  }

  for (const status of [401, 403, 429, 500, 503]) {
    test(`the code of the body rules over HTTP ${status}`, async () => {
      const error = await errorOf(json(status, { code: 9, message: "words" }));
      expect(error.code).toBe(Code.FailedPrecondition);
      expect(error.rawMessage).toBe("words");
      expect(getErrorInfo(error)).toEqual({ code: error.code, attempts: 1, httpStatus: status, fromServer: true });
    });
  }

  test("with a detail of a type that is not known keeps it and the code", async () => {
    const error = await errorOf(
      json(400, {
        code: 3,
        message: "words",
        details: [{ "@type": "type.googleapis.com/nobody.Knows", x: 1 }, detail],
      }),
    );
    expect(error.code).toBe(Code.InvalidArgument);
    expect(getErrorInfo(error).id).toBe("AUTH-7fs1e");
  });

  test("with a detail of a newer server's keeps what is known of it, and of many the first 32", async () => {
    const newer = { ...detail, since: 5 };
    const error = await errorOf(json(400, { code: 3, message: "words", details: Array(40).fill(newer) }));
    expect(error.details).toHaveLength(32);
    expect(error.findDetails(ErrorDetailSchema)).toHaveLength(32);
  });

  for (const [title, details] of [
    ["not a list", { a: 1 }],
    ["text", "x"],
    ["null", null],
    ["a list of what is no object", [null, 5, "x", []]],
    ["without a type", [{ id: "X" }]],
    ["of a wrong shape", [{ ...detail, id: 42 }]],
    ["with a type that is no text", [{ "@type": 5 }]],
  ] as const) {
    test(`with details that are bad (${title}) keeps the code and the words`, async () => {
      const error = await errorOf(json(401, { code: 16, message: "words", details }));
      expect(error.code).toBe(Code.Unauthenticated);
      expect(error.rawMessage).toBe("words");
      expect(getErrorInfo(error).fromServer).toBe(true);
    });
  }

  for (const [title, fields] of [
    ["large", { x: "x".repeat(100_000) }],
    ["large in a known one", { ...detail, message: "x".repeat(100_000) }],
    ["deep", JSON.parse(`${'{"x":'.repeat(3_000)}1${"}".repeat(3_000)}`)],
    ["of a large type", { "@type": "x".repeat(100_000) }],
  ] as const) {
    test(`with a detail that is ${title} keeps the code and the words alone`, async () => {
      const details = [{ "@type": "type.googleapis.com/nobody.Knows", ...fields }];
      const error = await errorOf(json(401, { code: 16, message: "words", details }));
      expect(error.code).toBe(Code.Unauthenticated);
      expect(error.rawMessage).toBe("words");
      expect(JSON.stringify(error.details).length).toBeLessThan(40_000);
    });
  }

  for (const status of [302, 307]) {
    test(`that came as a redirect, HTTP ${status}, is not ZITADEL's word`, async () => {
      const error = await errorOf(json(status, { code: 5, message: "words (COMMAND-BHt2w)", details: [] }));
      expect(error.code).toBe(Code.Unknown);
      expect(getErrorInfo(error)).toMatchObject({ reason: "redirect-refused", fromServer: false });
    });
  }

  test("that is not modified is told so, and no redirect", async () => {
    const error = await errorOf({ status: 304 });
    expect(error.message).toBe("[unknown] HTTP 304 without a status of the API");
  });

  test("in a message of many lines keeps its words and shows one line", async () => {
    const error = await errorOf(json(500, { code: 2, message: "a\nb\u001b[31m\u202e\u061c" }));
    expect(error.rawMessage).toBe("a\nb\u001b[31m\u202e\u061c");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(error.message).not.toMatch(/[\u0000-\u001f\u202e\u061c]/);
  });

  test("of the plain form of newer gateways", async () => {
    const error = await errorOf(json(404, { code: 5, message: "Not Found", details: [] }));
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toBe("Not Found");
    const hint = expect.stringContaining("no such path");
    expect(getErrorInfo(error)).toEqual({ code: error.code, attempts: 1, httpStatus: 404, fromServer: true, hint });
  });
});

describe("an error wrapped by ZITADEL 4.11", () => {
  const wrapped = (text: string) => ({
    code: 2,
    message: `${text} ()`,
    details: [{ "@type": "type.googleapis.com/zitadel.v1.ErrorDetail", message: text }],
  });

  for (const [name, code] of [
    ["Unauthenticated", Code.Unauthenticated],
    ["InvalidArgument", Code.InvalidArgument],
    ["NotFound", Code.NotFound],
    ["PermissionDenied", Code.PermissionDenied],
    ["ResourceExhausted", Code.ResourceExhausted],
    ["Unavailable", Code.Unavailable],
    ["DeadlineExceeded", Code.DeadlineExceeded],
    ["Internal", Code.Internal],
  ] as const) {
    test(`of ${name} is unwrapped`, async () => {
      const error = await errorOf(json(500, wrapped(`rpc error: code = ${name} desc = auth header missing`)));
      expect(error.code).toBe(code);
      expect(error.rawMessage).toBe("auth header missing");
      expect(getErrorInfo(error)).toEqual({
        code: error.code,
        attempts: 1,
        httpStatus: 500,
        fromServer: true,
        hint: "pass `token`",
      });
    });
  }

  for (const text of [
    "rpc error: code = Nonsense desc = x",
    "rpc error: code = OK desc = x",
    "rpc error: code = 5 desc = x",
    "rpc error: code = constructor desc = x",
    "something else",
    "x rpc error: code = NotFound desc = y",
  ]) {
    test(`is left alone where it is none: ${text}`, async () => {
      const error = await errorOf(json(500, wrapped(text)));
      expect(error.code).toBe(Code.Unknown);
      expect(error.rawMessage).toBe(`${text} ()`);
    });
  }
});

describe("an error body that says no code: the HTTP status decides", () => {
  for (const [status, code] of [
    [400, Code.Internal],
    [401, Code.Unauthenticated],
    [403, Code.PermissionDenied],
    [404, Code.Unimplemented],
    [405, Code.Unknown],
    [429, Code.Unavailable],
    [431, Code.Unknown],
    [500, Code.Unknown],
    [502, Code.Unavailable],
    [503, Code.Unavailable],
    [504, Code.Unavailable],
    // Not 407: fetch itself takes it for a failure of the network.
    [421, Code.Unknown],
    [451, Code.Unknown],
  ] as const) {
    test(`HTTP ${status} with a page`, async () => {
      const error = await errorOf({
        status,
        headers: { "content-type": "text/html" },
        body: "<h1>do-not-quote-me</h1>",
      });
      expect(error.code).toBe(code);
      expect(error.message).not.toContain("do-not-quote-me");
      expect(getErrorInfo(error)).toMatchObject({ attempts: 1, httpStatus: status, fromServer: false });
    });
  }

  for (const [title, body] of [
    ["code 0", { code: 0, message: "x" }],
    ["code 17", { code: 17, message: "x" }],
    ["code 99", { code: 99, message: "x" }],
    ["code -1", { code: -1, message: "x" }],
    ["code 1.5", { code: 1.5, message: "x" }],
    ["code as text", { code: "16", message: "x" }],
    ["no code", { message: "x" }],
    ["code null", { code: null }],
    ["a list", [{ code: 16 }]],
    ["text", "16"],
    ["null", null],
    ["nothing", ""],
    ["half of it", '{"code":16,"mess'],
  ] as const) {
    test(`HTTP 403 with ${title}`, async () => {
      const error = await errorOf(json(403, body === "16" ? '"16"' : body));
      expect(error.code).toBe(Code.PermissionDenied);
      expect(getErrorInfo(error)).toMatchObject({ httpStatus: 403, fromServer: false });
    });
  }

  test("a message that is empty, which JSON leaves out, does not cost the code", async () => {
    const error = await errorOf(json(403, { code: 10 }));
    expect(error.code).toBe(Code.Aborted);
    expect(error.rawMessage).toBe("");
    expect(getErrorInfo(error)).toEqual({ code: error.code, attempts: 1, httpStatus: 403, fromServer: true });
  });

  test("a message that is no text does not cost the code", async () => {
    for (const message of [42, null, ["x"], { a: 1 }]) {
      const error = await errorOf(json(403, { code: 10, message }));
      expect(error.code).toBe(Code.Aborted);
      expect(error.rawMessage).toBe("");
    }
  });
});
