import {
  clone,
  create,
  createFileRegistry,
  createRegistry,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  getOption,
  type MessageInitShape,
  setExtension,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel,
  OneofDescriptorProtoSchema,
  timestampDate,
} from "@bufbuild/protobuf/wkt";
import { ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { http as theirHttp } from "@zitadel/proto/google/api/annotations_pb.js";
import { HttpRuleSchema as TheirHttpRuleSchema } from "@zitadel/proto/google/api/http_pb.js";
import { AuthService as TheirAuthService } from "@zitadel/proto/zitadel/auth_pb.js";
import { ErrorDetailSchema as TheirErrorDetailSchema } from "@zitadel/proto/zitadel/message_pb.js";
import { SessionService as TheirSessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { RefreshTokenSchema as TheirRefreshTokenSchema } from "@zitadel/proto/zitadel/user_pb.js";
import { http } from "../../gen/google/api/annotations_pb.js";
import { HttpRuleSchema } from "../../gen/google/api/http_pb.js";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import { SessionService } from "../../gen/zitadel/session/v2/session_service_pb.js";
import { RefreshTokenSchema } from "../../gen/zitadel/user_pb.js";
import { createAuthTransport, grpc, grpcWeb, rest } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";

const methodNames = [
  "GetMyUser",
  "ListMyRefreshTokens",
  "RevokeMyRefreshToken",
  "RevokeAllMyRefreshTokens",
  "ListSessions",
  "DeleteSession",
];

/** Fields of ZITADEL's that ours do without on purpose. */
const unused: Record<string, string[]> = {
  "zitadel.auth.v1.GetMyUserResponse": ["last_login"],
  "zitadel.object.v2.Details": ["creation_date"],
  "zitadel.object.v2.ListDetails": ["processed_sequence"],
  "zitadel.session.v2.DeleteSessionRequest": ["session_token"],
  "zitadel.session.v2.SearchQuery": ["ids_query", "creation_date_query", "creator_query"],
  "zitadel.session.v2.Session": ["sequence", "metadata"],
  "zitadel.user.v1.Human": ["email", "phone", "password_changed"],
  "zitadel.user.v1.Machine": ["description", "has_secret", "access_token_type"],
  "zitadel.user.v1.Profile": ["first_name", "last_name", "nick_name", "preferred_language", "gender", "avatar_url"],
  "zitadel.user.v1.User": ["details", "state", "login_names"],
};

// Ours or the one that comes with ZITADEL's files: the same fields under another name of the type.
type HttpExtension = typeof http | typeof theirHttp;

const place = (desc: DescMessage | DescService) => ({ file: desc.file.proto.name, package: desc.file.proto.package });

function fieldContract(field: DescField) {
  const { name, number, type, typeName, label, proto3Optional } = field.proto;
  const oneof = field.oneof?.name;
  return { name, jsonName: field.jsonName, number, type, typeName, label, proto3Optional, oneof };
}

/** The fields that ours should have, by number. */
const fieldsOf = (message: DescMessage) =>
  message.fields.filter(({ name }) => !unused[message.typeName]?.includes(name)).sort((a, b) => a.number - b.number);

/** All messages that these reach through their fields, themselves included. */
function reach(messages: Iterable<DescMessage>): Set<DescMessage> {
  // A set that grows while it is walked is walked to its end.
  const reached = new Set(messages);
  for (const message of reached) {
    for (const field of fieldsOf(message)) if (field.message) reached.add(field.message);
  }
  return reached;
}

/** What both sides must agree on for the RPCs, as plain values. */
function contract(services: DescService[], others: DescMessage[], httpRule: HttpExtension) {
  const methods = services.flatMap((service) => service.methods).filter(({ name }) => methodNames.includes(name));
  const messages = [...reach([...methods.flatMap(({ input, output }) => [input, output]), ...others])];
  return {
    services: services.map((service) => ({ name: service.typeName, ...place(service) })),
    methods: Object.fromEntries(methods.map((method) => [method.name, methodContract(method, httpRule)])),
    messages: Object.fromEntries(
      messages.map((message) => [
        message.typeName,
        { ...place(message), fields: fieldsOf(message).map(fieldContract) },
      ]),
    ),
  };
}

function methodContract(method: DescMethod, httpRule: HttpExtension) {
  const { selector, pattern, body, responseBody, additionalBindings } = getOption(method, httpRule);
  return {
    service: method.parent.typeName,
    kind: method.methodKind,
    input: method.input.typeName,
    output: method.output.typeName,
    http: { selector, pattern, body, responseBody, additionalBindings: additionalBindings.length },
  };
}

const ours = contract([AuthService, SessionService], [ErrorDetailSchema, HttpRuleSchema], http);
const theirs = contract(
  [TheirAuthService, TheirSessionService],
  [TheirErrorDetailSchema, TheirHttpRuleSchema],
  theirHttp,
);

describe("the contract with ZITADEL", () => {
  test("covers every RPC, and leaves out nothing that ZITADEL does not have", () => {
    const names = [AuthService, SessionService].flatMap(({ methods }) => methods.map((method) => method.name));
    expect(names.sort()).toEqual([...methodNames].sort());
    expect(Object.keys(theirs.methods).sort()).toEqual([...methodNames].sort());
    const withImports = (file: DescFile): DescFile[] => [file, ...file.dependencies.flatMap(withImports)];
    const registry = createRegistry(
      ...[TheirAuthService, TheirSessionService].flatMap(({ file }) => withImports(file)),
    );
    for (const [message, fields] of Object.entries(unused)) {
      expect(ours.messages).toHaveProperty([message]);
      const known = registry.getMessage(message)?.fields.map(({ name }) => name);
      expect(known).toEqual(expect.arrayContaining(fields));
    }
  });

  test("is the same on both sides", () => {
    expect(ours).toEqual(theirs);
  });

  test("reads ZITADEL's annotations with our own extension", () => {
    const methods = [TheirAuthService, TheirSessionService].flatMap((service) => service.methods);
    for (const method of methods.filter(({ name }) => methodNames.includes(name))) {
      expect(methodContract(method, http)).toEqual(theirs.methods[method.name]);
    }
  });

  test("says which methods are safe to repeat, which ZITADEL's own files do not", () => {
    const { NO_SIDE_EFFECTS, IDEMPOTENT, IDEMPOTENCY_UNKNOWN } = MethodOptions_IdempotencyLevel;
    const levels = (...services: DescService[]) =>
      Object.fromEntries(
        services
          .flatMap(({ methods }) => methods)
          .filter(({ name }) => methodNames.includes(name))
          .map((each) => [each.name, each.idempotency]),
      );
    expect(levels(AuthService, SessionService)).toEqual({
      GetMyUser: NO_SIDE_EFFECTS,
      ListSessions: NO_SIDE_EFFECTS,
      DeleteSession: IDEMPOTENT,
      ListMyRefreshTokens: NO_SIDE_EFFECTS,
      RevokeMyRefreshToken: IDEMPOTENT,
      RevokeAllMyRefreshTokens: IDEMPOTENT,
    });
    expect(new Set(Object.values(levels(TheirAuthService, TheirSessionService)))).toEqual(
      new Set([IDEMPOTENCY_UNKNOWN]),
    );
  });
});

/** The parts that our descriptors are built from, to change. */
class Parts {
  readonly #files = new Map<string, FileDescriptorProto>();

  constructor(...files: DescFile[]) {
    // Each file after those that it imports, as a FileDescriptorSet has them.
    const add = (file: DescFile) => {
      file.dependencies.forEach(add);
      this.#files.set(file.proto.name, clone(FileDescriptorProtoSchema, file.proto));
    };
    files.forEach(add);
  }

  file(name: string) {
    return find(this.#files.values(), name);
  }
  message(file: string, name: string) {
    return find(this.file(file).messageType, name);
  }
  field(file: string, message: string, name: string) {
    return find(this.message(file, message).field, name);
  }
  method(name: string) {
    return find(find(this.file("zitadel/auth.proto").service, "AuthService").method, name);
  }
  setHttp(method: string, rule: MessageInitShape<typeof HttpRuleSchema>) {
    const { options } = this.method(method);
    if (options) setExtension(options, http, create(HttpRuleSchema, rule));
  }

  contract() {
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...this.#files.values()] }));
    const services = [AuthService, SessionService].flatMap(({ typeName }) => registry.getService(typeName) ?? []);
    const detail = registry.getMessage(ErrorDetailSchema.typeName);
    const rule = registry.getMessage(HttpRuleSchema.typeName);
    if (!detail || !rule) throw new Error("a type is missing");
    return contract(services, [detail, rule], http);
  }
}

function find<T extends { name: string }>(among: Iterable<T>, name: string): T {
  for (const each of among) if (each.name === name) return each;
  throw new Error(`no ${name}`);
}

const { INT64, STRING } = FieldDescriptorProto_Type;

describe("the comparison", () => {
  const parts = () => new Parts(AuthService.file, SessionService.file, ErrorDetailSchema.file, http.file);

  test("finds nothing in an unchanged copy", () => {
    expect(parts().contract()).toEqual(theirs);
  });

  const changes: [string, (parts: Parts) => void][] = [
    ["a number", (to) => (to.field("zitadel/user.proto", "RefreshToken", "auth_time").number = 9)],
    ["a name", (to) => (to.field("zitadel/user.proto", "RefreshToken", "audience").name = "audiences")],
    ["a JSON name", (to) => (to.field("zitadel/user.proto", "RefreshToken", "client_id").jsonName = "client")],
    ["a scalar type", (to) => (to.field("zitadel/object.proto", "ListDetails", "total_result").type = INT64)],
    [
      "a message type",
      (to) =>
        (to.field("zitadel/auth.proto", "RevokeMyRefreshTokenResponse", "details").typeName =
          ".zitadel.v1.ListDetails"),
    ],
    [
      "a cardinality",
      (to) => (to.field("zitadel/user.proto", "RefreshToken", "id").label = FieldDescriptorProto_Label.REPEATED),
    ],
    ["a field too few", (to) => to.message("zitadel/object.proto", "ObjectDetails").field.pop()],
    [
      "a field too many",
      (to) =>
        to
          .message("zitadel/message.proto", "ErrorDetail")
          .field.push(create(FieldDescriptorProtoSchema, { name: "extra", number: 3, type: STRING, label: 1 })),
    ],
    ["a method too few", (to) => find(to.file("zitadel/auth.proto").service, "AuthService").method.pop()],
    [
      "an input type",
      (to) => (to.method("ListMyRefreshTokens").inputType = ".zitadel.auth.v1.RevokeAllMyRefreshTokensRequest"),
    ],
    [
      "a oneof",
      (to) =>
        to
          .message("zitadel/session/v2/session.proto", "SearchQuery")
          .oneofDecl.splice(0, 1, create(OneofDescriptorProtoSchema, { name: "other" })),
    ],
    [
      "a field that is not optional",
      (to) => (to.field("zitadel/session/v2/session.proto", "Session", "expiration_date").proto3Optional = false),
    ],
    ["a stream", (to) => (to.method("ListMyRefreshTokens").serverStreaming = true)],
    ["a path", (to) => to.setHttp("ListMyRefreshTokens", { pattern: { case: "post", value: "/users/me" }, body: "*" })],
    [
      "a verb",
      (to) => to.setHttp("RevokeMyRefreshToken", { pattern: { case: "get", value: "/users/me/tokens/refresh/{id}" } }),
    ],
    [
      "a body",
      (to) =>
        to.setHttp("ListMyRefreshTokens", { pattern: { case: "post", value: "/users/me/tokens/refresh/_search" } }),
    ],
    ["a number of HttpRule", (to) => (to.field("google/api/http.proto", "HttpRule", "body").number = 9)],
  ];
  for (const [name, change] of changes) {
    test(`finds ${name}`, () => {
      const ours = parts();
      change(ours);
      expect(ours.contract()).not.toEqual(theirs);
    });
  }
});

describe("ZITADEL's own generated code, over this transport:", () => {
  for (const protocol of [grpc, grpcWeb, rest]) {
    test(`${protocol.name} gives its messages and its error details`, async () => {
      const zitadel = await startLocalZitadel();
      const [user] = zitadel.users;
      const transport = createAuthTransport({ baseUrl: zitadel.url, token: user.token, protocol });
      try {
        const auth = createClient(TheirAuthService, transport);
        const { result } = await auth.listMyRefreshTokens({});
        expect(result.map(({ id }) => id).sort()).toEqual(user.refreshTokens.map(({ id }) => id).sort());
        const [first] = result;
        expect(first?.authTime && timestampDate(first.authTime).getTime()).toBeLessThan(Date.now());
        // What one side has made, the other takes.
        const ours = first && fromBinary(RefreshTokenSchema, toBinary(TheirRefreshTokenSchema, first));
        expect(ours).toEqual(first);
        expect(ours && toJson(RefreshTokenSchema, ours)).toEqual(first && toJson(TheirRefreshTokenSchema, first));

        await auth.revokeMyRefreshToken({ id: first?.id ?? "" });
        const error = await auth.revokeMyRefreshToken({ id: first?.id ?? "" }).catch((reason: unknown) => reason);
        const details = ConnectError.from(error).findDetails(TheirErrorDetailSchema);
        expect(details.map(({ id }) => id)).toEqual(["COMMAND-BHt2w"]);
        expect(ConnectError.from(error).findDetails(ErrorDetailSchema)).toEqual(details);
      } finally {
        await transport.close();
        await zitadel.close();
      }
    });
  }
});
