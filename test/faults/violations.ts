import { frameBytes, frameType, type RawH2Connection } from "../helpers/raw-h2.js";

/** Breaks HTTP/2's rules in a way that ends the connection. */
export type Violate = (connection: RawH2Connection) => void;

/**
 * Every violation of a connection that frames can make, by section of RFC 9113. Each one alone makes the peer end the
 * connection, at once or with the answer to what comes next.
 */
export const violations: Readonly<Record<string, Violate>> = {
  "§4.1 a frame of another protocol": (to) => to.raw(Buffer.from("SSH-2.0-OpenSSH_9.9\r\n")),
  "§4.1 HTTP/1.1": (to) => to.raw(Buffer.from("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")),
  "§4.1 a TLS alert": (to) => to.raw(Buffer.of(21, 3, 3, 0, 2, 2, 70, 21, 3, 3, 0, 2, 2, 70)),
  "§4.2 a frame larger than allowed": (to) => to.frame(frameType.data, 0, 1, Buffer.alloc(16_385)),
  "§4.3 header fields that cannot be decompressed": (to) => to.frame(frameType.headers, 4, 1, Buffer.alloc(9, 0xff)),
  "§4.3 no end of the header fields before another frame": (to) => {
    to.frame(frameType.headers, 0, 1, Buffer.of(0x88));
    to.ping();
  },
  "§5.1 RST_STREAM of a stream that never was": (to) => to.frame(frameType.rstStream, 0, 99_999, Buffer.alloc(4)),
  "§5.1 WINDOW_UPDATE of a stream that never was": (to) => to.windowUpdate(1, 99_999),
  "§5.1.1 HEADERS of a stream that never was": (to) => to.frame(frameType.headers, 4, 99_998, Buffer.of(0x88)),
  "§6.1 DATA on the connection": (to) => to.frame(frameType.data, 0, 0, Buffer.alloc(1)),
  "§6.1 DATA of a stream that never was": (to) => to.frame(frameType.data, 0, 99_999, Buffer.alloc(1)),
  "§6.2 HEADERS on the connection": (to) => to.frame(frameType.headers, 4, 0, Buffer.of(0x88)),
  "§6.4 RST_STREAM on the connection": (to) => to.frame(frameType.rstStream, 0, 0, Buffer.alloc(4)),
  "§6.4 RST_STREAM of five bytes": (to) => to.frame(frameType.rstStream, 0, 1, Buffer.alloc(5)),
  "§6.5 SETTINGS on a stream": (to) => to.frame(frameType.settings, 0, 1, Buffer.alloc(0)),
  "§6.5 SETTINGS of five bytes": (to) => to.frame(frameType.settings, 0, 0, Buffer.alloc(5)),
  "§6.5 SETTINGS acknowledged with settings": (to) => to.frame(frameType.settings, 1, 0, Buffer.alloc(6)),
  "§6.5.2 a window that is too large": (to) => to.settings([[4, 2 ** 31]]),
  "§6.5.2 frames that are too small": (to) => to.settings([[5, 0]]),
  "§6.5.2 a server that wants to be pushed to": (to) => to.settings([[2, 2]]),
  "§6.6 PUSH_PROMISE": (to) => to.frame(5, 4, 1, Buffer.of(0, 0, 0, 2, 0x82)),
  "§6.7 PING on a stream": (to) => to.frame(frameType.ping, 0, 1, Buffer.alloc(8)),
  "§6.7 PING of seven bytes": (to) => to.frame(frameType.ping, 0, 0, Buffer.alloc(7)),
  "§6.8 GOAWAY on a stream": (to) => to.frame(frameType.goaway, 0, 1, Buffer.alloc(8)),
  "§6.8 GOAWAY of seven bytes": (to) => to.frame(frameType.goaway, 0, 0, Buffer.alloc(7)),
  "§6.8 GOAWAY, PROTOCOL_ERROR": (to) => to.goaway(0, 1),
  "§6.9 WINDOW_UPDATE by nothing": (to) => to.windowUpdate(0),
  "§6.9 WINDOW_UPDATE of three bytes": (to) => to.frame(frameType.windowUpdate, 0, 0, Buffer.alloc(3)),
  "§6.9.1 WINDOW_UPDATE beyond the largest window": (to) => to.windowUpdate(2 ** 31 - 1),
  "§6.10 CONTINUATION of nothing": (to) => to.frame(frameType.continuation, 4, 1, Buffer.of(0x88)),
  "§10.5 a flood of PINGs": (to) => flood(to, frameType.ping, Buffer.alloc(8)),
  "§10.5 a flood of SETTINGS": (to) => flood(to, frameType.settings, Buffer.alloc(0)),
  "§10.5 a flood of CONTINUATION": (to) => {
    to.frame(frameType.headers, 0, 1, Buffer.of(0x88));
    to.raw(Buffer.concat(Array(1_000).fill(frameBytes(frameType.continuation, 0, 1, Buffer.alloc(0)))));
  },
};

// Without reading on, so that the answers pile up at the client.
function flood(to: RawH2Connection, type: number, payload: Buffer): void {
  to.socket.pause();
  to.raw(Buffer.concat(Array(50_000).fill(frameBytes(type, 0, 0, payload))));
  setTimeout(() => to.socket.resume(), 20);
}
