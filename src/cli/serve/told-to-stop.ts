import { readFileSync } from "node:fs";

/** Resolves when the user, or the system, tells this process to stop. */
export function toldToStop(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => resolve();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    process.once("SIGTERM", stop);
    // Without a listener Node ends at it, whatever was asked of it.
    process.on("SIGHUP", isHangupIgnored() ? () => {} : stop);
  });
}

// Node undoes at its start what nohup, and a shell's `trap '' HUP`, did for it. What is left of the one is the shell's word
// for what it ran; of the other, a parent that ignores SIGHUP, which is bit 0 of SigIgn (proc(5)).
function isHangupIgnored(): boolean {
  if (/(?:^|\/)nohup$/.test(process.env._ ?? "")) return true;
  try {
    const [, digit = "0"] = /^SigIgn:\s*\w*(\w)$/m.exec(readFileSync(`/proc/${process.ppid}/status`, "utf8")) ?? [];
    return (Number.parseInt(digit, 16) & 1) === 1;
  } catch {
    return false;
  }
}
