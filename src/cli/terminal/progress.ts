// Shorter work is over before anybody wonders.
const patienceMs = 500;

/**
 * Shows on a terminal that something is still going on, once it takes a while. Returns what takes it away again.
 */
export function showProgress(task: string): () => void {
  const { stderr } = process;
  if (!stderr.isTTY || process.env.TERM === "dumb") return () => {};
  let seconds = 0;
  let shown = false;
  const show = () => {
    shown = true;
    stderr.write(`\r${task} …${seconds > 0 ? ` ${seconds} s` : ""}`);
  };
  const timers = [
    setTimeout(show, patienceMs),
    setInterval(() => {
      seconds += 1;
      show();
    }, 1_000),
  ];
  return () => {
    for (const timer of timers) clearTimeout(timer);
    // Erases the line.
    if (shown) stderr.write("\r\u001b[K");
  };
}
