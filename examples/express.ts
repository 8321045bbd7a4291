// A backend for many users: whoever calls sees and revokes their own refresh tokens. All share one connection to
// ZITADEL. Each brings their access token, as `authorization: Bearer …`.
import express, { type ErrorRequestHandler, type Request, type Response } from "express";
import {
  Code,
  ConnectError,
  createAuthClient,
  getErrorInfo,
  type UserClient,
  viewRefreshTokens,
} from "zitadel-refresh-tokens";

const auth = createAuthClient({
  baseUrl: process.env.ZITADEL_URL ?? "https://my-instance.zitadel.cloud",
  timeoutMs: 5_000,
});

function userOf(request: Request): UserClient {
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (!token) throw new ConnectError("send your access token", Code.Unauthenticated);
  return auth.withToken(token);
}

/** Ends the call to ZITADEL when nobody waits for its answer any more. */
function untilClosed(response: Response): { signal: AbortSignal } {
  const controller = new AbortController();
  response.once("close", () => controller.abort());
  return { signal: controller.signal };
}

const httpStatus: { [code in Code]?: number } = {
  [Code.Canceled]: 499,
  [Code.InvalidArgument]: 400,
  [Code.Unauthenticated]: 401,
  [Code.PermissionDenied]: 403,
  [Code.NotFound]: 404,
  [Code.ResourceExhausted]: 429,
  [Code.Unavailable]: 503,
  [Code.DeadlineExceeded]: 504,
};

const tellError: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent || !(error instanceof ConnectError)) return next(error);
  // Whatever else ZITADEL says is a fault behind this server, not one of its caller.
  response.status(httpStatus[error.code] ?? 502).json({ code: Code[error.code], id: getErrorInfo(error).id });
};

const app = express();
app.get("/sign-ins", async (request, response) => {
  response.json(viewRefreshTokens(await userOf(request).listMyRefreshTokens({}, untilClosed(response))));
});
app.delete("/sign-ins/:id", async (request, response) => {
  await userOf(request).revokeMyRefreshToken({ id: request.params.id }, untilClosed(response));
  response.sendStatus(204);
});
app.use(tellError);
const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(server.address()));
