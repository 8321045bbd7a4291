import { describe, expect, test } from "@jest/globals";
import { start } from "./start-local.js";
import { sendHttp1 } from "./wire-request.js";

const path = "/auth/v1/users/me/tokens/refresh/_search";

describe("a REST body", () => {
  const bodies: [body: string, status: number][] = [
    ["", 200],
    [" \n", 200],
    ["{}", 200],
    ['{"a":"\\ud83d\\ude00"}', 200],
    ["{bad", 400],
    ["bad", 400],
    ["{", 400],
    ['{"a', 400],
    ['{"a":1,}', 400],
    ['{"a":"\n"}', 400],
    ["[]", 400],
    ['"text"', 400],
    ["null", 400],
    ["[".repeat(1_000_000), 400],
  ];
  for (const [body, status] of bodies) {
    test(`${JSON.stringify(body.slice(0, 50))}: ${status}`, async () => {
      const zitadel = await start();
      const headers = [["authorization", `Bearer ${zitadel.users[0].token}`]] as const;
      const answer = await sendHttp1(zitadel.url, { method: "POST", path, headers, body });
      expect(answer.status).toBe(status);
      if (status === 400) {
        expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual({ code: 3, message: expect.any(String) });
      }
    });
  }
});
