import type { Pair, Vector } from "./vectors.js";

/** An answer as plain HTTP. */
export type Wire = {
  status: number;
  headers: Pair[];
  /** Undefined: the headers end the answer, there is not even an empty body. */
  body: Buffer | undefined;
  /** Undefined: the body ends the answer. */
  trailers: Pair[] | undefined;
};

/** Lays a vector's answer out for its protocol. */
export function wireOf({ proto, answer }: Vector): Wire {
  const { as, status, headers, trailers } = answer;
  const body = Buffer.from(answer.body, "base64");
  if (as === "trailers-only")
    return { status, headers: [...headers, ...trailers], body: undefined, trailers: undefined };
  if (as === "no-trailers") return { status, headers, body, trailers: undefined };
  if (proto === "PROTOCOL_GRPC") return { status, headers, body, trailers };
  return { status, headers, body: Buffer.concat([body, trailerFrame(trailers)]), trailers: undefined };
}

// gRPC-Web: the flag 0x80 marks trailers, written as HTTP/1.1 writes headers.
function trailerFrame(trailers: Pair[]): Buffer {
  const block = Buffer.from(trailers.map(([name, value]) => `${name}: ${value}\r\n`).join(""));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(0x80, 0);
  prefix.writeUInt32BE(block.length, 1);
  return Buffer.concat([prefix, block]);
}

/** Repeated fields as `node:http2` takes them. */
export function grouped(pairs: Pair[]): Record<string, string[]> {
  const record: Record<string, string[]> = {};
  for (const [name, value] of pairs) record[name] = [...(record[name] ?? []), value];
  return record;
}
