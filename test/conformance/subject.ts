import type { Transport } from "@connectrpc/connect";
import { callVectors, type Outcome } from "./call-vector.js";
import { judge } from "./judge.js";
import { startVectorServer, type VectorAnswers, type Via } from "./vector-server.js";
import type { Compression, Vector } from "./vectors.js";

/** A kind of transport over a kind of connection. */
export type Subject = {
  name: string;
  proto: Vector["proto"];
  via: Via;
  /** Opens a transport that accepts this compression; undefined where it cannot inflate. */
  open(baseUrl: string, compression: Compression): { transport: Transport; close(): unknown } | undefined;
};

/** How a vector went; `wrong` is empty where the transport conforms. */
export type Verdict = { name: string; wrong: string[] };

/** Runs a subject over all vectors of its protocol that concern it, with a server of its own. */
export async function runSubject(subject: Subject, vectors: readonly Vector[]): Promise<Verdict[]> {
  const server = await startVectorServer(vectors, subject.via);
  const verdicts: Verdict[] = [];
  try {
    for (const compression of ["COMPRESSION_IDENTITY", "COMPRESSION_GZIP"] as const) {
      const opened = subject.open(server.baseUrl, compression);
      if (!opened) continue;
      const own = vectors.filter((vector) => vector.proto === subject.proto && vector.compression === compression);
      try {
        verdicts.push(...judgeAll(own, await callVectors(opened.transport, own), server.answers));
      } finally {
        await opened.close();
      }
    }
  } finally {
    await server.close();
  }
  return verdicts;
}

/** Judges the reports of a client on these vectors, in their order. */
export function judgeAll(vectors: readonly Vector[], outcomes: readonly Outcome[], answers: VectorAnswers): Verdict[] {
  return vectors.map((vector, index) => ({
    name: `${vector.name} (${vector.answer.as})`,
    wrong: judge(vector, outcomes[index] ?? { thrown: "no report" }, answers.seen(vector)),
  }));
}
