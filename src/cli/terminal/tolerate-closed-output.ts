import { exitCodes } from "../command-error.js";

/**
 * Lets the command finish quietly although nobody reads its output any more, as in `list | head -1`: what it does to
 * tokens must not depend on that. Output that cannot be written for another reason (a full disk) is a failure.
 */
export function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") return;
      process.exitCode = exitCodes.failed;
      if (stream === process.stdout) process.stderr.write(`error: the output cannot be written (${error.code})\n`);
    });
  }
}
