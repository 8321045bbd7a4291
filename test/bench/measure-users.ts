import { Child } from "../helpers/child.js";
import type { Origins } from "./server.js";
import type { UserHeap } from "./users.js";

export type { UserHeap };

/** What `withToken` users cost in heap, each number of them in a process of its own. */
export async function measureUsers(counts: readonly number[]): Promise<UserHeap[]> {
  const [server, { grpc }] = await Child.start<Origins>(new URL("./server.js", import.meta.url), "2");
  const heaps: UserHeap[] = [];
  try {
    for (const count of counts) {
      const [child, heap] = await Child.start<UserHeap>(new URL("./users.js", import.meta.url), String(count), grpc);
      heaps.push(heap);
      await child.end();
    }
  } finally {
    await server.end();
  }
  return heaps;
}
