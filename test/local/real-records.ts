import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readHttp1 } from "./send-raw.js";
import type { WireAnswer } from "./trace.js";
import type { WireRequest } from "./wire-request.js";

/** One request that was sent to a real server, and what it answered. */
export interface RealRecord {
  readonly file: string;
  readonly title: string;
  readonly release: "2.44" | "4.0";
  readonly request: RealRequest;
  readonly answer: WireAnswer;
}

export interface RealRequest extends WireRequest {
  readonly http2: boolean;
  readonly httpVersion: string;
  /** As sent, pseudo-headers left out. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
}

const folder = join(process.env.REFERENCE_DIR ?? resolve("../shared"), "reference", "real");

/** What other checkouts do not have. */
export const haveReal = existsSync(folder);

export function readReal(): RealRecord[] {
  const files = readdirSync(folder).filter((file) => /^(new|old)-.*\.txt$/.test(file));
  return files.sort().flatMap((file) => {
    const release = file.startsWith("old") ? "2.44" : "4.0";
    // A chapter begins with many #, a record with three =.
    const parts = readFileSync(join(folder, file), "utf8").split(/^(?=={3} |#{6,} )/m);
    return parts.filter((part) => part.startsWith("=== ")).map((part) => ({ file, release, ...readRecord(part) }));
  });
}

function readRecord(part: string): Pick<RealRecord, "title" | "request" | "answer"> {
  const [, title = "", sent = "", received = ""] =
    /^=== (.*?)\n--- request \((.*?)\n--- answer[^\n]*\n(.*)$/s.exec(part) ?? [];
  return { title, request: readRequest(title, sent), answer: readAnswer(received) };
}

function readRequest(title: string, sent: string): RealRequest {
  const http2 = sent.startsWith("HTTP/2");
  const [, ...lines] = sent.split("\n");
  const bodyAt = lines.findIndex((line) => /^body( hex \(\d+ bytes\))?:/.test(line));
  const headLines = bodyAt < 0 ? lines : lines.slice(0, bodyAt);
  // What was too long to write down.
  const many = "a".repeat(title.includes("over 1 MiB") ? 1_100_000 : 20_480);
  const fields = (of: string[]) =>
    of.filter((line) => line !== "").map((line) => readField(line.replace("<many a>", many)));
  const head = fields(headLines.filter((line) => http2 || /^[\w-]+:/.test(line)));
  const body = bodyAt < 0 ? undefined : readSentBody(lines.slice(bodyAt).join("\n"), head);
  if (http2) {
    const pseudo = (name: string) => head.find(([key]) => key === name)?.[1];
    return {
      http2,
      httpVersion: "2",
      method: pseudo(":method") ?? "",
      path: pseudo(":path") ?? "",
      authority: pseudo(":authority"),
      headers: head.filter(([name]) => !name.startsWith(":")),
      body,
    };
  }
  const [, method = "", path = "", httpVersion = ""] = /^(\S+) (\S+) HTTP\/(\S+)$/.exec(headLines[0] ?? "") ?? [];
  return { http2, httpVersion, method, path, headers: head, body };
}

function readField(line: string): [string, string] {
  const colon = line.indexOf(":", 1);
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

/** A body of which only the beginning was kept goes on as it began, which is what the recorder had sent. */
function readSentBody(text: string, head: readonly (readonly [string, string])[]): Uint8Array {
  const [, length, hex = ""] = /^body hex \((\d+) bytes\): ?(.*)$/s.exec(text) ?? [];
  if (length === undefined) {
    const written = text.replace(/^body: ?/, "");
    const field = (name: string) => head.find(([key]) => key.toLowerCase() === name)?.[1];
    const size = field("content-length");
    // The line ends where the body does; chunks have the line ends that they were sent with.
    return field("transfer-encoding") === "chunked"
      ? Buffer.from(`${written.trimEnd().replaceAll("\n", "\r\n")}\r\n\r\n`)
      : Buffer.from(size === undefined ? written.replace(/\n$/, "") : written).subarray(0, Number(size ?? Infinity));
  }
  const start = readHex(hex);
  const body = Buffer.alloc(Number(length), start.subarray(-2));
  body.set(start);
  if (start.length < body.length && body[0] === 0x7b) {
    body.write(start.includes('"') ? '"}' : " }", body.length - 2);
  }
  return body;
}

function readAnswer(received: string): WireAnswer {
  const lines = received.replace(/^headers:\n/, "").split("\n");
  const bodyAt = lines.findIndex((line) => /^body \(\d+ bytes\):/.test(line));
  const head = lines.slice(0, bodyAt).filter((line) => line !== "");
  const rest = lines.slice(bodyAt);
  const bodyLength = Number(/\d+/.exec(rest[0] ?? "")?.[0]);
  const hex = rest.find((line) => line.startsWith("  hex: "))?.slice(7) ?? "";
  const text = /\n {2}text: (.*?)(?=\n {2}hex: |\n*$)/s.exec(rest.join("\n"))?.[1] ?? "";
  const [fromHex, fromText] = [readHex(hex), Buffer.from(text)];
  const whole = [fromHex, fromText].find((bytes) => bytes.length === bodyLength);
  const body = whole ?? fromHex;
  const isCut = whole === undefined;
  const trailersAt = rest.indexOf("trailers:");
  const trailers = rest
    .slice(trailersAt < 0 ? rest.length : trailersAt + 1)
    .filter((line) => /^[a-z-]+: /.test(line))
    .map(readField);
  if (head[0] === "HTTP/1.1 100 Continue") {
    // Its body is the answer that followed.
    return { ...readHttp1(whole ?? Buffer.from(text.replaceAll("\n", "\r\n"))), isCut };
  }
  const status = head.find((line) => line.startsWith(":status: "))?.slice(9) ?? head[0]?.split(" ")[1];
  const own = head.filter((line) => !/^(HTTP\/|:status)/.test(line)).map(readField);
  return {
    status: Number(status ?? 0),
    headers: own,
    body,
    isCut,
    trailers: Object.fromEntries(trailers),
  };
}

function readHex(text: string): Buffer {
  return Buffer.from((/^[0-9a-f ]*/.exec(text)?.[0] ?? "").replaceAll(" ", ""), "hex");
}
