import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** One recorded answer: the title of its section, and the lines under it. */
export interface Trace {
  readonly title: string;
  readonly lines: readonly string[];
}

/** An HTTP answer, recorded or received. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** The recorder kept only the beginning of the body. */
  readonly isCut?: boolean;
  readonly trailers: Readonly<Record<string, string>>;
}

const folder = join(process.env.REFERENCE_DIR ?? resolve("../shared"), "reference", "traces");

/** What other checkouts do not have. */
export const haveTraces = existsSync(folder);

export function readTraces(file: string): Trace[] {
  const sections = readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").split(/^### /m).slice(1);
  return sections.map((section) => {
    const [title = "", ...lines] = section.split("\n");
    return { title, lines };
  });
}

/** The request line of a curl trace, whose parts are not quoted. */
export function readCurl(line: string): { method: string; path: string; headers: [string, string][]; body?: string } {
  const [, method = "GET", path = "", rest = ""] = /^\$ curl(?: -X (\S+))? (\S+)(.*)$/.exec(line) ?? [];
  const parts = rest.split(/ (?=-[Hd] )/).map((part) => part.trim());
  const headers = parts
    .filter((part) => part.startsWith("-H "))
    .map((part): [string, string] => {
      const [, name = "", value = ""] = /^-H ([^:]+): ?(.*)$/.exec(part) ?? [];
      return [name, value];
    })
    .filter(([, value]) => value !== "");
  const body = parts.find((part) => part.startsWith("-d "))?.slice(3);
  return { method, path, headers, ...(body !== undefined && { body }) };
}

/** An answer as curl shows it: status line, headers, empty line, and a body as text or as a hex dump. */
export function readCurlAnswer(lines: readonly string[]): WireAnswer {
  const first = lines.findLastIndex((line) => /^HTTP\/\S+ \d+/.test(line));
  const end = lines.indexOf("", first);
  const [, status] = lines[first]?.split(" ") ?? [];
  const headers = lines.slice(first + 1, end).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const text = lines.slice(end + 1).filter((line) => line !== "");
  const isDump = text.every((line) => /^[0-9a-f]{8}: /.test(line));
  const body = isDump
    ? Buffer.from(text.map((line) => line.slice(10, 49).replaceAll(" ", "")).join(""), "hex")
    : Buffer.from(text.join("\n"));
  return { status: Number(status), headers, body, trailers: {} };
}

/** An answer as the recorder of gRPC calls wrote it. */
export function readGrpcAnswer(lines: readonly string[]): WireAnswer {
  const json = (start: string): Record<string, string | number> => {
    const line = lines.find((line) => line.startsWith(start));
    return line === undefined ? {} : JSON.parse(line.slice(line.indexOf("{")));
  };
  const { ":status": status, ...headers } = json("HEADERS");
  const [, length, data = ""] = lines.find((line) => line.startsWith("DATA "))?.split(" ") ?? [];
  return {
    status: Number(status),
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
    body: Buffer.from(data, "hex"),
    isCut: data.length < Number(length) * 2,
    trailers: json("TRAILERS") as Record<string, string>,
  };
}
