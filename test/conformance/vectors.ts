import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

export type Pair = [name: string, value: string];

/** What a server puts on the wire. */
export type Answer = {
  label: string;
  status: number;
  headers: Pair[];
  /** Base64. */
  body: string;
  trailers: Pair[];
  /** One HEADERS frame that ends the stream, or for gRPC-Web HTTP headers that hold the trailers. */
  trailersOnly?: boolean;
  /** The server ends without trailers: `body` is complete as it stands. */
  noTrailers?: boolean;
};

export type Expectation = {
  ok?: boolean;
  /** Base64. */
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

type Case = {
  name: string;
  proto: "PROTOCOL_GRPC" | "PROTOCOL_GRPC_WEB";
  compression: Compression;
  method: "Unary" | "Unimplemented";
  reqHeaders: Pair[];
  timeoutMs?: number;
  cancelAfterMs?: number;
  delayMs?: number;
  expect: Expectation;
};

/** One case with one of its answers. */
export type Vector = Case & {
  /** Position in the file, by which a request names the answer that it wants. */
  id: number;
  answer: Answer;
};

const root = new URL("../../../", import.meta.url);
const folder = process.env.REFERENCE_DIR ? pathToFileURL(`${process.env.REFERENCE_DIR}/`) : new URL("../shared/", root);
const file = new URL("conformance/vectors.json", folder);

/** Where the vectors are expected, for a message that tells that they are missing. */
export const vectorsPath: string = fileURLToPath(file);

/** The vectors of Connect's conformance suite, or undefined where this machine does not have them. */
export function readVectors(): Vector[] | undefined {
  if (!existsSync(file)) return undefined;
  const cases: (Case & { variants: Answer[] })[] = JSON.parse(readFileSync(file, "utf8"));
  return cases
    .flatMap(({ variants, ...rest }) => variants.map((answer) => ({ ...rest, answer })))
    .map((vector, id) => ({ ...vector, id }));
}
