// A server component, which gives what it saw to read and the client component what it needs.
import { run } from "../contract.js";
import { Client } from "./client.js";

export const dynamic = "force-dynamic";

export default async function Page() {
  const input = JSON.parse(process.env.CONTRACT);
  return (
    <>
      <pre id="server">{JSON.stringify(await run(input))}</pre>
      <Client input={input} />
    </>
  );
}
