import { readFileSync } from "node:fs";

/** An answer as it came over the wire. */
export interface RecordedAnswer {
  readonly name: string;
  readonly protocol: "grpc" | "grpc-web" | "rest";
  readonly status: number;
  /** Names and values in the order in which they came, a name as often as it came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** Reads the recordings of a folder; those of which the dump shows only a part of the body are left out. */
export function readRecordedAnswers(folder: string): RecordedAnswer[] {
  return [
    ...records(`${folder}/grpc.txt`).map(([name, lines]) => readGrpc(name, lines)),
    ...records(`${folder}/grpcweb.txt`).map(([name, lines]) =>
      readHttp(name, name.startsWith("REST") ? "rest" : "grpc-web", lines, hexBody),
    ),
    ...records(`${folder}/rest.txt`).map(([name, lines]) => readHttp(name, "rest", lines, textBody)),
  ].filter((answer) => answer !== undefined);
}

// A record starts with its name, behind "### ".
function records(file: string): [string, string[]][] {
  const [, ...parts] = readFileSync(file, "utf8").replaceAll("\r\n", "\n").split(/^### /m);
  return parts.map((part) => {
    const [name = "", ...lines] = part.split("\n");
    return [name, lines];
  });
}

// HEADERS endStream=false {json} / TRAILERS {json} / DATA length hex rst=0
function readGrpc(name: string, lines: string[]): RecordedAnswer | undefined {
  const json = (kind: string) => {
    const line = lines.find((line) => line.startsWith(kind));
    return line && (JSON.parse(line.slice(line.indexOf("{"))) as Record<string, string | number>);
  };
  const { ":status": status, ...headers } = json("HEADERS") || {};
  const trailers = json("TRAILERS");
  const [, length, hex = ""] = /^DATA (\d+) (\w*) /m.exec(lines.join("\n")) ?? [];
  const body = Buffer.from(hex, "hex");
  if (body.length !== Number(length)) return undefined;
  return {
    name,
    protocol: "grpc",
    status: Number(status),
    headers: Object.entries(headers).map(([key, value]) => [key, String(value)]),
    body,
    ...(trailers && { trailers: trailers as Record<string, string> }),
  };
}

// What curl shows: perhaps "$ curl …", then the head, an empty line, and the body.
function readHttp(
  name: string,
  protocol: "grpc-web" | "rest",
  lines: string[],
  readBody: (lines: string[]) => Buffer,
): RecordedAnswer | undefined {
  const start = lines.findLastIndex((line) => line.startsWith("HTTP/"));
  const end = lines.indexOf("", start);
  if (start < 0) return undefined;
  return {
    name,
    protocol,
    status: Number(lines[start]?.split(" ")[1]),
    headers: lines.slice(start + 1, end).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
    body: readBody(lines.slice(end + 1)),
  };
}

// As xxd prints: "00000010: 6772 7063 …  text".
function hexBody(lines: string[]): Buffer {
  return Buffer.concat(
    lines
      .filter((line) => /^[0-9a-f]{8}: /.test(line))
      .map((line) => Buffer.from(line.slice(10, 50).replaceAll(" ", ""), "hex")),
  );
}

// One line, behind which the file has empty ones.
function textBody(lines: string[]): Buffer {
  return Buffer.from(lines.join("\n").trimEnd());
}
