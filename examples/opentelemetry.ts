// OpenTelemetry, by the semantic conventions for gRPC: an interceptor makes a span for each call, and `onAttempt` an event
// for each request, or a repeated call would look like a slow one. Pass the id of a refresh token to revoke it.
import { AsyncLocalStorage } from "node:async_hooks";
import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Code, ConnectError, createAuthClient, getErrorInfo, type TransportOptions } from "zitadel-refresh-tokens";

trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())] }),
);
const tracer = trace.getTracer("zitadel-refresh-tokens");
const spans = new AsyncLocalStorage<Span>();

const statusCode = (code: Code) => (Code[code] ?? "").replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();

const telemetry: Pick<TransportOptions, "interceptors" | "onAttempt"> = {
  interceptors: [
    (next) => (request) => {
      const { hostname, port } = new URL(request.url);
      const method = `${request.service.typeName}/${request.method.name}`;
      const attributes = {
        "rpc.system.name": "grpc",
        "rpc.method": method,
        "server.address": hostname,
        ...(port && { "server.port": Number(port) }),
      };
      return tracer.startActiveSpan(method, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        // Only on a server: from a page of another origin ZITADEL's CORS refuses `traceparent`.
        const headers = { set: (header: Headers, key: string, value: string) => header.set(key, value) };
        propagation.inject(trace.setSpan(context.active(), span), request.header, headers);
        try {
          const response = await spans.run(span, () => next(request));
          span.setAttribute("rpc.response.status_code", "OK");
          return response;
        } catch (reason) {
          const error = ConnectError.from(reason);
          const status = statusCode(error.code);
          span.setAttributes({ "rpc.response.status_code": status, "error.type": getErrorInfo(error).id ?? status });
          span.setStatus({ code: SpanStatusCode.ERROR, message: error.rawMessage });
          throw reason;
        } finally {
          span.end();
        }
      });
    },
  ],
  onAttempt: ({ attempt, ms, bytes, code }) =>
    spans.getStore()?.addEvent("attempt", { attempt, ms, bytes, status: code === undefined ? "OK" : statusCode(code) }),
};

const auth = createAuthClient({
  baseUrl: process.env.ZITADEL_URL ?? "https://my-instance.zitadel.cloud",
  token: () => process.env.ZITADEL_TOKEN ?? "",
  ...telemetry,
});
await auth.listMyRefreshTokens({});
const [id] = process.argv.slice(2);
if (id) await auth.revokeMyRefreshToken({ id }).catch((error) => console.log(error.message));
await auth.close();
