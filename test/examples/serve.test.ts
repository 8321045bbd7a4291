import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createAuthClient, listSignIns } from "../../src/node.js";
import { Running, startExample } from "./run-example.js";

let serve: Running;
let login: { ZITADEL_URL: string; ZITADEL_TOKEN: string };
beforeAll(async () => {
  serve = new Running(["dist/cli.js", "serve", "-o", "json"], {});
  const { url, token } = JSON.parse(await serve.prints(/^(\{.*\})$/m)) as { url: string; token: string };
  login = { ZITADEL_URL: url, ZITADEL_TOKEN: token };
});
afterAll(() => serve.end());

async function signInIds(): Promise<readonly string[]> {
  await using auth = createAuthClient({ baseUrl: login.ZITADEL_URL, token: login.ZITADEL_TOKEN });
  return (await listSignIns(auth)).signIns.map(({ id }) => id).sort();
}

for (const name of ["connect-node", "list", "opentelemetry", "sign-ins", "tanstack-query"]) {
  test(`examples/${name}.ts runs against serve, and ends nothing that it is not told to`, async () => {
    const before = await signInIds();
    const variables = { ...login, REFRESH_TOKEN: "its own" };
    expect(await startExample(name, variables).ends()).toMatchObject({ status: 0 });
    expect(await signInIds()).toEqual(before);
  });
}
