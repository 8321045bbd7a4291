import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { createContextValues, type Interceptor, type UnaryRequest, type UnaryResponse } from "@connectrpc/connect";
import { callersOwn, isOurs } from "../failure.js";
import { Call, checkSignal } from "./call.js";

/** What interceptors see of a request, beside the call's signal. */
export interface InterceptedRequest<I extends DescMessage, O extends DescMessage> {
  readonly url: string;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<I>;
  readonly header: Headers;
}

/**
 * Sends a message through interceptors. The chain is Connect's: the first one sees the request first. Not Connect's
 * `runUnaryCall`, whose abort controller and deadline would stand beside those of the call. What an interceptor throws
 * rejects the call as it is.
 */
export async function intercept<I extends DescMessage, O extends DescMessage>(
  interceptors: readonly Interceptor[],
  call: Call,
  { url, method, message, header }: InterceptedRequest<I, O>,
  send: (call: Call, message: MessageShape<I>, header: Headers) => Promise<UnaryResponse<I, O>>,
): Promise<UnaryResponse<I, O>> {
  const service = method.parent;
  // A transport of the caller's is to see what interceptors set.
  call.contextValues ??= createContextValues();
  async function last(request: UnaryRequest<I, O>): Promise<UnaryResponse<I, O>> {
    if (request.url !== url) throw new TypeError("an interceptor changed the URL, which would take the token there");
    checkSignal(request.signal);
    // An interceptor may bound its request by a signal of its own; the call's is the call's affair.
    const signal = request.signal === call.signal ? undefined : request.signal;
    const { timeoutMs, contextValues } = call;
    const part = new Call({ timeoutMs, contextValues, signal }, call);
    const { message, header, trailer } = await part.run(() => send(part, request.message, request.header));
    // A plain object: an interceptor may copy it, which getters do not survive.
    return { stream: false, service, method, message, header, trailer };
  }
  // An interceptor may have forgotten a request, and then nobody hears that it was stopped.
  function observed(request: UnaryRequest<I, O>): Promise<UnaryResponse<I, O>> {
    const response = last(request);
    response.catch(() => {});
    return response;
  }
  try {
    // Interceptors are typed for streams as well, which never pass here.
    let next = observed as unknown as ReturnType<Interceptor>;
    for (const interceptor of [...interceptors].reverse()) next = interceptor(next);
    const response = await next({
      stream: false,
      service,
      method,
      requestMethod: "POST",
      url,
      header,
      message,
      contextValues: call.contextValues,
      get signal() {
        return call.signal;
      },
    } satisfies UnaryRequest<I, O> as UnaryRequest);
    if (response?.message) return response as UnaryResponse<I, O>;
    throw new TypeError("an interceptor must return what next(request) returns");
  } catch (error) {
    throw isOurs(error) ? error : callersOwn(error);
  }
}
