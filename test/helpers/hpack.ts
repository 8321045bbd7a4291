/**
 * Header compression (RFC 7541) as far as a test server needs it: it encodes every field as a literal without
 * indexing or Huffman coding, and decodes whatever a client sends.
 */
export class HpackDecoder {
  #dynamic: Field[] = [];
  #size = 0;
  #limit = 4096;

  decode(block: Uint8Array): Record<string, string> {
    const fields: Record<string, string> = {};
    const reader = new Reader(block);
    while (!reader.done) {
      const first = reader.peek();
      if (first & 0x80) {
        const [name, value] = this.#at(reader.integer(7));
        fields[name] = value;
      } else if ((first & 0xe0) === 0x20) {
        this.#limit = reader.integer(5);
        this.#evict();
      } else {
        const indexed = (first & 0x40) !== 0;
        const index = reader.integer(indexed ? 6 : 4);
        const name = index === 0 ? reader.string() : this.#at(index)[0];
        const value = reader.string();
        fields[name] = value;
        if (indexed) this.#add([name, value]);
      }
    }
    return fields;
  }

  #at(index: number): Field {
    const field = index <= staticTable.length ? staticTable[index - 1] : this.#dynamic[index - staticTable.length - 1];
    if (!field) throw new Error(`no header field has the index ${index}`);
    return field;
  }

  #add(field: Field): void {
    this.#dynamic.unshift(field);
    this.#size += sizeOf(field);
    this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#limit) this.#size -= sizeOf(this.#dynamic.pop() as Field);
  }
}

/** One header block. A name may be given several times by an array of values. */
export function encodeHeaders(fields: HeaderFields): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      parts.push(Buffer.of(0), literal(name), literal(String(one)));
    }
  }
  return Buffer.concat(parts);
}

export type HeaderFields = Record<string, string | number | string[]>;

type Field = [name: string, value: string];

// Strings go out byte for byte, latin1, so that a test can send what a well-behaved encoder would not.
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([integer(bytes.length), bytes]);
}

function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

class Reader {
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.#at >= this.bytes.length;
  }

  peek(): number {
    const byte = this.bytes[this.#at];
    if (byte === undefined) throw new Error("the header block is cut short");
    return byte;
  }

  integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = this.#next() & mask;
    if (value < mask) return value;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#next();
      value += (byte & 0x7f) * factor;
      if (!(byte & 0x80)) return value;
    }
  }

  string(): string {
    const huffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const bytes = this.bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return huffman ? decodeHuffman(bytes) : Buffer.from(bytes).toString("latin1");
  }

  #next(): number {
    const byte = this.peek();
    this.#at++;
    return byte;
  }
}

function decodeHuffman(bytes: Uint8Array): string {
  let text = "";
  let code = 1; // a leading 1 keeps the zeros of a code apart from no bits at all
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      const character = huffmanCodes.get(code);
      if (character === undefined) continue;
      text += character;
      code = 1;
    }
  }
  return text;
}

// The code is canonical (RFC 7541, appendix B): its lengths say it all. No request of ours has characters that
// are missing here; the codes of those are longer.
const charactersByLength: Record<number, string> = {
  5: "012aceiost",
  6: " %-./3456789=A_bdfghlmnpru",
  7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
  8: "&*,;XZ",
  10: '!"()?',
  11: "'+|",
  12: "#>",
  13: "\0$@[]~",
  14: "^}",
  15: "<`{",
};
const huffmanCodes = canonicalCodes();

function canonicalCodes(): Map<number, string> {
  const codes = new Map<number, string>();
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    code *= 2;
    for (const character of charactersByLength[length] ?? "") codes.set(2 ** length + code++, character);
  }
  return codes;
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + 32;
}

// RFC 7541, appendix A.
const staticTable: Field[] = [
  ":authority",
  ":method GET",
  ":method POST",
  ":path /",
  ":path /index.html",
  ":scheme http",
  ":scheme https",
  ...[200, 204, 206, 304, 400, 404, 500].map((status) => `:status ${status}`),
  "accept-charset",
  "accept-encoding gzip, deflate",
  ..."accept-language accept-ranges accept access-control-allow-origin age allow authorization".split(" "),
  ..."cache-control content-disposition content-encoding content-language content-length".split(" "),
  ..."content-location content-range content-type cookie date etag expect expires from host".split(" "),
  ..."if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link".split(" "),
  ..."location max-forwards proxy-authenticate proxy-authorization range referer refresh".split(" "),
  ..."retry-after server set-cookie strict-transport-security transfer-encoding user-agent".split(" "),
  ..."vary via www-authenticate".split(" "),
].map((line): Field => {
  const [name = "", ...value] = line.split(" ");
  return [name, value.join(" ")];
});
