import { run } from "../../contract.js";

export const runtime = "edge";

export async function GET() {
  return Response.json(await run(JSON.parse(process.env.CONTRACT)));
}
