import type { SoakOptions, SoakReport } from "./soak.js";

/** What is wrong with a run, in sentences; empty: the client kept its word. */
export function judgeSoak({ calls }: SoakOptions, report: SoakReport): string[] {
  const { outcomes, latestMs, heap, server } = report;
  const wrong = [...report.violations];
  const settled = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  if (settled !== calls) wrong.push(`${settled} of ${calls} calls settled`);
  // Most requests are answered, so if most calls fail, the client does not recover.
  if ((outcomes.OK ?? 0) < calls / 2) wrong.push(`only ${outcomes.OK ?? 0} of ${calls} calls worked`);
  // A timer of a busy process is late, not one that was forgotten.
  if (latestMs > 1_000) wrong.push(`a call settled ${latestMs} ms after its deadline`);
  const growth = (heap.at(-1) ?? 0) - (heap[0] ?? 0);
  if (growth > 2_000_000) wrong.push(`the heap grew by ${growth} bytes: ${heap}`);
  const { accepted, open, mostOpen } = server.connections;
  if (open !== 0) wrong.push(`${open} connections are open after close()`);
  // A connection that the server leaves stays for the calls that are under way on it, at most 600 ms.
  if (mostOpen > 32) wrong.push(`${mostOpen} connections were open at the same time`);
  if (accepted > server.ended + 10) wrong.push(`${accepted} connections were made, ${server.ended} were ended`);
  return wrong;
}
