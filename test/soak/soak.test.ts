import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { judgeSoak } from "./judge-soak.js";
import type { SoakReport } from "./soak.js";

describe("the soak", () => {
  // In a process of its own, which a stray error would end.
  test("ends with every call settled, the heap flat and the connections closed", async () => {
    const main = fileURLToPath(new URL("main.js", import.meta.url));
    const args = ["--expose-gc", "--no-warnings", main, "--calls", "2000", "--seed", "1"];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toContain("OK:");
  }, 60_000);

  const good: SoakReport = {
    outcomes: { OK: 8, Unavailable: 2 },
    violations: [],
    latestMs: 3,
    heap: [10_000_000, 11_000_000],
    server: { actions: {}, ended: 1, connections: { accepted: 2, open: 0, mostOpen: 2 } },
    seconds: 1,
  };
  const options = { calls: 10, inFlight: 64, seed: 1 };

  test("accepts a good run", () => {
    expect(judgeSoak(options, good)).toEqual([]);
  });

  const connections = (more: object) => ({
    server: { ...good.server, connections: { ...good.server.connections, ...more } },
  });
  for (const [name, bad] of Object.entries({
    "a stray error": { violations: ["stray Error: boom"] },
    "a call that did not settle": { outcomes: { OK: 9 } },
    "too many failures": { outcomes: { OK: 4, Unavailable: 6 } },
    "a call that outlived its deadline": { latestMs: 1_500 },
    "a heap that grows": { heap: [10_000_000, 13_000_000] },
    "a connection left open": connections({ open: 1 }),
    "too many connections at a time": connections({ mostOpen: 33 }),
    "too many connections in all": connections({ accepted: 12 }),
  })) {
    test(`tells ${name}`, () => {
      expect(judgeSoak(options, { ...good, ...bad })).toHaveLength(1);
    });
  }
});
