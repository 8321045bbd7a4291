import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/**
 * A server of HTTP/2 whose queue of connections is full, so that the kernel drops SYNs until it is let go on; the
 * client's is sent again after a second.
 */
export async function startSlowToAccept() {
  const child = spawn(process.execPath, ["-e", slowServer], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(child.stdout, "data");
  child.kill("SIGSTOP");
  const fillers: Socket[] = [];
  for (let isFull = false; !isFull; ) {
    const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
    fillers.push(socket);
    isFull = await Promise.race([once(socket, "connect").then(() => false), pause(100, true)]);
  }
  return {
    port: Number(port),
    accept() {
      for (const socket of fillers) socket.destroy();
      child.kill("SIGCONT");
    },
    end: () => child.kill("SIGKILL"),
  };
}

const slowServer = `
  const server = require("node:http2").createServer();
  server.on("stream", (stream, headers) => {
    const type = headers["content-type"].replace("+proto", "");
    const message = type === "application/json" ? "{}" : Buffer.alloc(5);
    stream.respond({ "content-type": type }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    const web = type === "application/grpc-web";
    stream.end(web ? Buffer.concat([message, Buffer.from("\\x80\\0\\0\\0\\x10grpc-status: 0\\r\\n", "latin1")]) : message);
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => process.stdout.write(String(server.address().port)));
`;
