// Shorter work is over before anybody wonders.
const delayMs = 500;

/**
 * Shows on a terminal that something is still going on, once it takes a while. Returns what takes it away again.
 */
export function showProgress(task: string): () => void {
  const { stderr } = process;
  if (!stderr.isTTY || process.env.TERM === "dumb") return () => {};
  const startedAt = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    const seconds = Math.floor((performance.now() - startedAt) / 1_000);
    stderr.write(`\r${task} …${seconds > 0 ? ` ${seconds} s` : ""}`);
    shown = true;
  }, delayMs);
  return () => {
    clearInterval(timer);
    // Erases the line.
    if (shown) stderr.write("\r\u001b[K");
  };
}
