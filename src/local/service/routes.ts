import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  type ContextKey,
  createContextKey,
  createContextValues,
  createHandlerContext,
  type HandlerContext,
} from "@connectrpc/connect";
import type { Rpc } from "./rpc.js";
import type { LocalUser } from "./user.js";

/** Tells an implementation whose access token the call came with: `context.values.get(localUserKey)`. */
export const localUserKey: ContextKey<LocalUser | undefined> = createContextKey<LocalUser | undefined>(undefined, {
  description: "the user of the local ZITADEL who calls",
});

type Implementation = (request: Message, context: HandlerContext) => unknown;

/** The RPCs that an application's own routes implement. A TypeError if one of them streams. */
export function readRoutes(routes: (router: ConnectRouter) => void): Rpc[] {
  const rpcs: Rpc[] = [];
  const add = (method: DescMethod, implementation: unknown): void => {
    if (typeof implementation === "function") rpcs.push(routeRpc(method, implementation as Implementation));
  };
  const router: ConnectRouter = {
    handlers: [],
    service(service, implementation) {
      const methods = implementation as Record<string, Implementation | undefined>;
      for (const method of service.methods) {
        add(method, methods[method.localName]?.bind(implementation));
      }
      return this;
    },
    rpc(method, implementation) {
      add(method, implementation);
      return this;
    },
  };
  routes(router);
  return rpcs;
}

function routeRpc(method: DescMethod, implementation: Implementation): Rpc {
  const { parent: service, name, input, output } = method;
  if (method.methodKind !== "unary") {
    throw new TypeError(`${service.typeName}/${name} streams, and the local ZITADEL serves unary methods only`);
  }
  return {
    service: service.typeName,
    name,
    input,
    output,
    method,
    async run(request, { account, timeoutMs, exchange }) {
      const context = createHandlerContext({
        service,
        method,
        protocolName: "grpc",
        requestMethod: "POST",
        url: `http://localhost/${service.typeName}/${name}`,
        ...(timeoutMs !== undefined && { timeoutMs }),
        requestSignal: exchange.signal,
        requestHeader: exchange.headers(),
        contextValues: createContextValues().set(localUserKey, account.user),
      });
      try {
        const message = await Promise.race([implementation(request, context), aborted(context.signal)]);
        return {
          message: create(output, message as Message),
          header: context.responseHeader,
          trailer: context.responseTrailer,
        };
      } finally {
        context.abort();
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
