import { create, type DescMethodUnary, equals, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createAuthTransport, rest } from "../../../src/node.js";
import { Kind, RestService } from "../../gen/rest_pb.js";
import { decodeRequest } from "./decode-request.js";
import { startRestServer } from "./rest-server.js";

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

// Optional means: the key is absent, since protobuf tells that from undefined nowhere.
function record<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: (keyof T)[] = []) {
  return fc.record(model, { requiredKeys: requiredKeys as never[] }) as unknown as fc.Arbitrary<T>;
}

const text = fc.string({
  unit: fc.oneof(fc.constantFrom(..." +&=?#%/.;é日🔑'()*!~\n\0"), fc.string({ minLength: 1, maxLength: 1 })),
});
const id = text.filter((text) => text !== "" && text !== "." && text !== ".." && !text.includes("/"));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes));
const path = fc.constantFrom("display_name", "address.city", "id", "a_b_c");
const kind = fc.constantFrom(Kind.HUMAN, Kind.MACHINE, Kind.UNSPECIFIED, 77 as Kind);
// An empty message says something that a query cannot.
const address = record({ city: text, lines: fc.array(text, { maxLength: 3 }) }).filter(
  ({ city, lines }) => Boolean(city) || Boolean(lines?.length),
);
const user = record({ id, displayName: text, kind, sequence: uint64, address }, ["id"]);

// JSON knows no -0, and NaN is not equal to itself.
const number = fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value));

const search = record({
  query: text,
  offset: fc.integer(),
  limit: fc.nat(),
  since: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  sequence: uint64,
  ascending: fc.boolean(),
  ratio: fc.float({ noNaN: true }).map((value) => (value === 0 ? 0 : value)),
  score: number,
  cursor: bytes,
  kind,
  ids: fc.array(text, { maxLength: 3 }),
  kinds: fc.array(kind, { maxLength: 3 }),
  sequences: fc.array(uint64, { maxLength: 3 }),
  createdAfter: record({ seconds: fc.bigInt({ min: -62135596800n, max: 253402300799n }), nanos: fc.nat(999_999_999) }, [
    "seconds",
    "nanos",
  ]),
  maxAge: record({ seconds: fc.bigInt({ min: 0n, max: 9_000_000_000n }), nanos: fc.nat(999_999_999) }, [
    "seconds",
    "nanos",
  ]),
  fields: record({ paths: fc.array(path, { minLength: 1, maxLength: 3 }) }, ["paths"]),
  nickName: text,
  verified: fc.boolean(),
  quota: uint64,
  avatar: bytes,
  address,
  filter: record({ near: address, text }).filter(({ near, text }) => near !== undefined || text !== undefined),
  email: text,
  age: fc.integer(),
  owner: fc.oneof(
    record({ case: fc.constant("orgId" as const), value: text }, ["case", "value"]),
    record({ case: fc.constant("nobody" as const), value: fc.boolean() }, ["case", "value"]),
    record({ case: fc.constant("site" as const), value: address }, ["case", "value"]),
  ),
  renamed: text,
});

const { method: m } = RestService;

const cases: [DescMethodUnary, fc.Arbitrary<object>][] = [
  [m.search, search],
  [m.getUser, record({ userId: id, language: text }, ["userId"])],
  [m.createUser, user],
  [m.setName, record({ user, reason: text }, ["user"])],
  [
    m.updateUser,
    record(
      {
        user,
        updateMask: record({ paths: fc.array(path, { minLength: 1, maxLength: 3 }) }, ["paths"]),
        validateOnly: fc.boolean(),
      },
      ["user"],
    ),
  ],
  [m.setTags, record({ userId: id, tags: fc.array(text) }, ["userId"])],
  [m.getEvent, record({ kind, sequence: uint64, latest: fc.boolean() })],
  [m.deleteUser, record({ userId: id, force: fc.boolean() }, ["userId"])],
  [m.deleteUsers, record({ userIds: fc.array(text) })],
  [m.lockUser, record({ userId: id, language: text }, ["userId"])],
  [m.unlockUser, record({ userId: id, language: text }, ["userId"])],
  [m.findUser, record({ userId: id, language: text }, ["userId"])],
];

for (const [method, messages] of cases) {
  test(`a gateway reads from the request of ${method.name} the message that was sent`, async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (init) => {
        const message = create(method.input, init as MessageInitShape<typeof method.input>);
        server.answer();
        await transport.unary(method, undefined, undefined, undefined, message);
        const request = server.requests[0] as (typeof server.requests)[0];
        const read = decodeRequest(RestService, "/resttest/v1", request);
        expect(read.method.name).toBe(method.name);
        if (!equals(method.input, message, read.message)) {
          throw new Error(
            `${request.method} ${request.target}\n${request.body}\nread as ${JSON.stringify(toJson(method.input, read.message))}`,
          );
        }
      }),
      { numRuns: 60 },
    );
  });
}
