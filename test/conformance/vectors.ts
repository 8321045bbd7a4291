import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

export type Pair = [name: string, value: string];

/** What a server puts on the wire. */
export type Answer = {
  /** How it ends. `trailers-only`: with HTTP headers that hold the trailers. `no-trailers`: `body` is complete as it stands. */
  as: "trailers" | "trailers-only" | "no-trailers";
  status: number;
  headers: Pair[];
  /** Base64. */
  body: string;
  trailers: Pair[];
};

export type Expectation = {
  /** Base64; of an answer that is no error. */
  data?: string;
  code?: number;
  /** Codes that are right as well. */
  other?: number[];
  message?: string;
  /** Type names. */
  details?: string[];
  headers?: Pair[];
  trailers?: Pair[];
  /** The server must have seen a deadline of at most that many milliseconds. */
  timeoutSent?: number;
};

/** What a client is set to accept. */
export type Compression = "COMPRESSION_IDENTITY" | "COMPRESSION_GZIP";

/** What a case says of the call. */
type Call = {
  reqHeaders: Pair[];
  method: "Unary" | "Unimplemented";
  timeoutMs?: number;
  cancelAfterMs?: number;
  delayMs?: number;
  expect: Expectation;
};

/** A case over one protocol with one of its answers. */
export type Vector = Call & {
  name: string;
  proto: "PROTOCOL_GRPC" | "PROTOCOL_GRPC_WEB";
  compression: Compression;
  /** Position among all, by which a request names the answer that it wants. */
  id: number;
  answer: Answer;
};

/** A line of the fixture: a case over every protocol and compression that it is for, with what is usual left out. */
type Row = Partial<Call> & {
  name: string;
  expect: Expectation;
  /** Default: all four. */
  on?: (keyof typeof ways)[];
  as?: Answer["as"][];
  status?: number;
  headers?: Pair[];
  body?: Frame[];
  trailers?: Pair[];
};

type Frame = [flags: number, data: string];

const ways = {
  grpc: { proto: "PROTOCOL_GRPC", compression: "COMPRESSION_IDENTITY" },
  "grpc+gzip": { proto: "PROTOCOL_GRPC", compression: "COMPRESSION_GZIP" },
  "grpc-web": { proto: "PROTOCOL_GRPC_WEB", compression: "COMPRESSION_IDENTITY" },
  "grpc-web+gzip": { proto: "PROTOCOL_GRPC_WEB", compression: "COMPRESSION_GZIP" },
} as const satisfies Record<string, Pick<Vector, "proto" | "compression">>;

const everyWay = Object.keys(ways) as (keyof typeof ways)[];

/** The vectors of Connect's conformance suite. */
export function readVectors(): Vector[] {
  // From build/test/conformance, where this file runs.
  const file = new URL("../../../test/fixtures/connect-conformance.json", import.meta.url);
  const rows: Row[] = JSON.parse(readFileSync(file, "utf8"));
  return rows.flatMap(vectorsOf).map((vector, id) => ({ ...vector, id }));
}

function vectorsOf({ on = everyWay, as: ends = ["trailers"], ...row }: Row): Omit<Vector, "id">[] {
  const { name, status = 200, headers = [], body = [], trailers = [], ...call } = row;
  return on.flatMap((way) =>
    ends.map((as) => {
      const { proto, compression } = ways[way];
      // The suite's server compresses over gRPC only.
      const isCompressed = way === "grpc+gzip" && body.length > 0;
      const frames = body.map(([flags, data]) => frame(isCompressed ? flags | 1 : flags, data));
      const usual: Pair[] = [
        ["content-type", `application/grpc${proto === "PROTOCOL_GRPC" ? "" : "-web"}+proto`],
        ...(isCompressed ? ([["grpc-encoding", "gzip"]] as Pair[]) : []),
      ];
      const isUsual = status === 200 && !headers.some(([each]) => each === "content-type");
      return {
        reqHeaders: [],
        method: "Unary" as const,
        ...call,
        name: name.replace("/", `/${proto}/${compression}/`),
        proto,
        compression,
        answer: {
          as,
          status,
          headers: [...(isUsual ? usual : []), ...headers],
          body: Buffer.concat(frames).toString("base64"),
          trailers,
        },
      };
    }),
  );
}

function frame(flags: number, data: string): Buffer {
  const bytes = flags & 1 && data ? gzipSync(data) : Buffer.from(data);
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
