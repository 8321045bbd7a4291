import type { DescService } from "@bufbuild/protobuf";
import { type CallOptions, type Client, makeAnyClient, type Transport } from "@connectrpc/connect";
import { AuthService } from "../gen/zitadel/auth_pb.js";
import type { Token } from "./call/token.js";
import { nullPrototype } from "./null-prototype.js";
import { asyncDispose, type TransportFamily } from "./transport.js";

/** A client of ZITADEL's AuthService for one user: a method for each RPC, as Connect generates them. */
export interface UserClient extends Client<typeof AuthService> {
  /**
   * The same user's client of another ZITADEL service, over the same connection, with the same token, refresh, deadline,
   * retries and interceptors. Takes any service that protoc-gen-es generated, such as this package's `SessionService` or
   * one of @zitadel/proto; REST needs its `google.api.http` rules. Unary methods only. A failed call is repeated if the
   * method's `idempotency_level` says that this is safe, or if the server cannot have processed it. Throws a TypeError
   * for anything that is no service.
   */
  client<S extends DescService>(service: S): Client<S>;
}

/** A client of ZITADEL's AuthService, which owns a connection. */
export interface AuthClient extends UserClient {
  /**
   * The same client for another user: a backend makes one for each request. It shares connection, interceptors, options
   * and retry throttle. Pass the same token function each time, so that calls share a refresh. Throws a TypeError if the
   * token cannot be one.
   */
  withToken(token: Token): UserClient;
  /** Cancels the calls in flight and closes the connection. Later calls fail with a TypeError. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a client of a family of transports. */
export function createClientOf({ transport, withToken }: TransportFamily): AuthClient {
  const { close } = transport;
  return Object.assign(createUserClient(transport), {
    withToken: (token: Token) => createUserClient(withToken(token)),
    close,
    [asyncDispose]: close,
  });
}

const noOptions: CallOptions = nullPrototype({});

function createUserClient(transport: Transport): UserClient {
  return Object.assign(createServiceClient(AuthService, transport), {
    client: <S extends DescService>(service: S) => createServiceClient(service, transport),
  });
}

// What Connect's createClient does for unary methods, which are all that there are: its streams weigh 1.2 kB.
function createServiceClient<S extends DescService>(service: S, transport: Transport): Client<S> {
  // Connect 1's services, and grpc-js', have other fields.
  if (service?.kind !== "service") throw new TypeError("service must be one that protoc-gen-es 2 generated");
  return makeAnyClient(service, (method) => {
    if (method.methodKind !== "unary") return null;
    return (input: Record<string, unknown>, given?: CallOptions) => {
      const { signal, timeoutMs, headers, contextValues, onHeader, onTrailer } = given
        ? nullPrototype(given)
        : noOptions;
      return transport.unary(method, signal, timeoutMs, headers, input, contextValues).then((response) => {
        onHeader?.(response.header);
        onTrailer?.(response.trailer);
        return response.message;
      });
    };
  }) as Client<S>;
}
