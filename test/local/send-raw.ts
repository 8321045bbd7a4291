import { connect } from "node:net";
import type { RealRequest } from "./real-records.js";
import type { WireAnswer } from "./trace.js";
import { sendHttp2 } from "./wire-request.js";

/** Sends a recorded request as it was sent then: over HTTP/1.1 byte by byte. */
export function sendRaw(url: string, request: RealRequest): Promise<WireAnswer> {
  return request.http2 ? sendHttp2(url, request) : sendHttp1(url, request);
}

async function sendHttp1(url: string, request: RealRequest): Promise<WireAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${request.method} ${request.path} HTTP/${request.httpVersion}\r\n${lines.join("")}\r\n`);
  socket.write(request.body ?? "");
  const chunks: Uint8Array[] = [];
  socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  // The server closes, since every recorded request asks it to. One that does not want all of a body resets.
  await new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
  return readHttp1(Buffer.concat(chunks));
}

/** An answer over HTTP/1.1, whose connection has ended. */
export function readHttp1(bytes: Buffer): WireAnswer {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = bytes.toString("utf8", 0, end).split("\r\n");
  if (statusLine.startsWith("HTTP/1.1 100")) return readHttp1(bytes.subarray(end + 4));
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const isChunked = headers.some(([name]) => name.toLowerCase() === "transfer-encoding");
  const rest = bytes.subarray(end + 4);
  const body = isChunked ? joinChunks(rest) : rest;
  const status = Number(statusLine.split(" ")[1]);
  return { status, headers, body, trailers: {} };
}

function joinChunks(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const line = bytes.indexOf("\r\n", at);
    const length = Number.parseInt(bytes.toString("latin1", at, line), 16);
    chunks.push(bytes.subarray(line + 2, line + 2 + length));
    at = length === 0 ? bytes.length : line + 4 + length;
  }
  return Buffer.concat(chunks);
}
