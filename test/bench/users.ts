// A process of its own: `process.argv[2]` users of one client, each of whom has made a call.
import { createAuthClient, type UserClient } from "../../src/node.js";

/** Heap, in bytes: of the client before, and what each user adds. */
export type UserHeap = { users: number; bytesPerUser: number };

const [users = "0", baseUrl = ""] = process.argv.slice(2);
const auth = createAuthClient({ baseUrl, token: "token-of-nobody" });
await auth.listMyRefreshTokens({});

const settledHeap = async () => {
  await new Promise((resolve) => setTimeout(resolve, 200));
  gc?.();
  gc?.();
  return process.memoryUsage().heapUsed;
};

const before = await settledHeap();
const clients: UserClient[] = [];
const worker = async () => {
  while (clients.length < Number(users)) {
    const client = auth.withToken(`token-of-user-${clients.length}`);
    clients.push(client);
    await client.listMyRefreshTokens({});
  }
};
await Promise.all(Array.from({ length: 64 }, worker));
const grown = (await settledHeap()) - before;
const report: UserHeap = { users: clients.length, bytesPerUser: grown / clients.length };
process.send?.(report);
process.once("disconnect", () => process.exit());
