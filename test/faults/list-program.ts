// A program: lists over each of the routes that it is given, and prints what came of it. It closes nothing, since a
// process must end by itself.
import { ConnectError, getErrorInfo } from "../../src/node.js";
import { canaryToken, placesOf } from "./canary.js";
import type { ChildInput, ChildOutcome } from "./list-in-child.js";
import { clientFor, type Route } from "./routes.js";

const { baseUrl, routes, againAfterMs, options } = JSON.parse(process.argv[2] ?? "") as ChildInput;
const outcomes: ChildOutcome[] = [];
for (const route of routes) outcomes.push(await outcomeOf(route));
process.stdout.write(JSON.stringify(outcomes));

async function outcomeOf(route: Route): Promise<ChildOutcome> {
  const client = clientFor(route, { baseUrl, ...options });
  try {
    await client.listMyRefreshTokens({});
    if (againAfterMs !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
      await client.listMyRefreshTokens({});
    }
    return { route };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { attempts, reason = "" } = getErrorInfo(error);
    const causeCode = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? "";
    const places = placesOf(canaryToken, error);
    return { route, code: error.code, message: error.message, reason, attempts, causeCode, places };
  }
}
