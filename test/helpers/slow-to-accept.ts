import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { h2Program, http1Program } from "./h2-program.js";

/**
 * A server of that HTTP version whose queue of connections is full, so that the kernel drops SYNs until it is let go on; the
 * client's is sent again after a second.
 */
export async function startSlowToAccept(version: 1 | 2 = 2) {
  const program = version === 2 ? h2Program : http1Program;
  const child = spawn(process.execPath, ["-e", program(1)], { stdio: ["ignore", "pipe", "inherit"] });
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
