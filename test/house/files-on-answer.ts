import { createServer, type ServerHttp2Stream } from "node:http2";
import { Session } from "node:inspector/promises";
import type { AddressInfo } from "node:net";
import { createAuthClient } from "../../src/node.js";
import { answer, envelope } from "../bench/answer.js";

type Respond = (stream: ServerHttp2Stream) => void;

const head = { ":status": 200, "content-type": "application/grpc" };

const success: Respond = (stream) => {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.respond(head, { waitForTrailers: true });
  stream.end(envelope(answer(1)));
};
const failure: Respond = (stream) => {
  stream.respond({ ...head, "grpc-status": "5", "grpc-message": "not found" }, { endStream: true });
};

/** The files of src/ that run between the arrival of a gRPC answer and the outcome of its call. */
export async function filesOnAnswer(): Promise<{ readonly success: string[]; readonly error: string[] }> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  let respond: Respond = success;
  const server = createServer().on("stream", async (stream) => {
    // From here on it counts: all of the request has been sent.
    await session.post("Profiler.takePreciseCoverage");
    respond(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const auth = createAuthClient({ baseUrl: `http://127.0.0.1:${port}`, token: "a-token" });
  const pass = async (how: Respond) => {
    respond = how;
    await auth.listMyRefreshTokens({}).catch(() => {});
    const { result } = await session.post("Profiler.takePreciseCoverage");
    return result
      .filter(
        ({ url, functions }) => url.includes("/src/") && functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0),
      )
      .map(({ url }) => url.slice(url.indexOf("/src/") + 1));
  };
  try {
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    // Once before, so that what only a first call does, such as connecting, is not counted.
    await pass(success);
    return { success: await pass(success), error: await pass(failure) };
  } finally {
    session.disconnect();
    await auth.close();
    server.close();
  }
}
