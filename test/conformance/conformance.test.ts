import { describe, expect, test } from "@jest/globals";
import { runInChromium, testInChromium } from "../helpers/chromium.js";
import type { Outcome } from "./call-vector.js";
import { ours } from "./ours.js";
import { judgeAll, runSubject, type Verdict } from "./subject.js";
import { VectorAnswers } from "./vector-server.js";
import { readVectors } from "./vectors.js";

const counts = { PROTOCOL_GRPC: 138, PROTOCOL_GRPC_WEB: 142 };

const vectors = readVectors();

function expectAllPassed(verdicts: readonly Verdict[], count: number): void {
  expect(verdicts.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  expect(verdicts).toHaveLength(count);
}

describe("Connect's conformance vectors", () => {
  for (const subject of ours) {
    const count = counts[subject.proto];
    test(`all ${count} pass: ${subject.name}`, async () => {
      expectAllPassed(await runSubject(subject, vectors), count);
    });
  }

  testInChromium(`all ${counts.PROTOCOL_GRPC_WEB} of gRPC-Web pass`, async () => {
    const input = vectors.filter(({ proto }) => proto === "PROTOCOL_GRPC_WEB");
    const answers = new VectorAnswers(input);
    const page = { entry: "test/conformance/page.ts", input, handle: answers.onRequest };
    const outcomes = await runInChromium<Outcome[]>(page);
    expectAllPassed(judgeAll(input, outcomes, answers), counts.PROTOCOL_GRPC_WEB);
  });
});
