import { readFileSync } from "node:fs";

const intervalMs = 500;

/**
 * Resolves when the shell that started this process is gone, or what stands in between, as npx does. Signals do not
 * tell: a shell that ends leaves its background jobs alone, and npx that is killed leaves its command alone. Does not
 * keep the process running.
 */
export function starterGone(): Promise<void> {
  const atStart = ancestors();
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (ancestors() === atStart) return;
      clearInterval(timer);
      resolve();
    }, intervalMs);
    timer.unref();
  });
}

/** The processes above this one, the nearest first: where there is no /proc, only the nearest, while it runs. */
function ancestors(): string {
  const { ppid } = process;
  const ids = [isRunning(ppid) ? ppid : 0];
  while (ids.length < 3) {
    const parent = parentOf(ids.at(-1) as number);
    if (parent === undefined) break;
    ids.push(parent);
  }
  return ids.join(" ");
}

// Windows keeps telling the id of a parent that is gone.
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

// proc(5): pid, name in parentheses, state, parent.
function parentOf(pid: number): number | undefined {
  try {
    const [, parent] = /^.*\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return parent === undefined ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
