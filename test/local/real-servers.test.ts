import { isDeepStrictEqual } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";
import { comparable } from "./comparable.js";
import { haveReal, type RealRecord, readReal } from "./real-records.js";
import { isRevoke, stateOf, withToken } from "./real-state.js";
import { sendRaw } from "./send-raw.js";
import { start } from "./start-local.js";

/** Where the local server answers otherwise than a real one, on purpose. */
const differences: { what: string; why: string; is: RegExp }[] = [
  {
    what: "it is known by every loopback address",
    why: "tests and pages reach it by them; a real server knows its ExternalDomain alone",
    is: /2b-host .*127\.0\.0\.1/,
  },
  {
    what: "a request without a host finds no instance, in the usual words",
    why: "no client can leave the host out",
    is: /2b-host (REST|gRPC-Web|gRPC-Web-text) list, Host: $/,
  },
  {
    what: "there are none of ZITADEL's other services, neither sign-in nor metrics nor reflection",
    why: "`routes` answers what a test needs of them",
    is: /v2 service|users\/me$|openid-configuration|metrics|(admin|management)\/v1\/healthz|reflection|POST \/auth\/v1$/,
  },
  {
    what: "what Node's HTTP server refuses by itself, it refuses in its own words",
    why: "no client can send it: a method named FOO, no Host, a header of 1 MiB, a value that ends with a space",
    is: /FOO|no Host header|over 1 MiB|gRPC list: Bearer and empty token/,
  },
  {
    what: "base64 that is none is an empty body",
    why: "no client sends it",
    is: /invalid base64/,
  },
  {
    what: "REST does not take a token from `Grpc-Metadata-Authorization`",
    why: "a client that relies on it should hear of it",
    is: /Grpc-Metadata-Authorization/,
  },
  {
    what: "a 404 of the gateway has a length on 2.44 too, where the request takes trailers",
    why: "4.0 gives it one, and no client looks",
    is: /3d-grpc-wire HTTP\/1\.1 POST application\/grpc$/,
  },
  {
    what: "a message of 5 MiB over HTTP/1.1 is answered, and the connection closed",
    why: "the recorder was cut off before it could read the answer",
    is: /gRPC-Web list, oversized message 5 MiB/,
  },
];

const count = { equal: 0, onPurpose: 0 };
const met = new Set<string>();

describe("the local ZITADEL answers as two real ones did", () => {
  if (!haveReal) {
    test.skip("there are no recorded answers here: REFERENCE_DIR names no folder that holds them", () => {});
    return;
  }

  const all = readReal();
  afterAll(() => {
    const { equal, onPurpose } = count;
    process.stdout.write(`${equal + onPurpose} requests replayed: ${equal} equal, ${onPurpose} different on purpose\n`);
    // Unless only some of them ran, or failed: what is no longer different is to be taken off the list.
    if (equal + onPurpose === all.length) {
      expect([...met].sort()).toEqual(differences.map(({ what }) => what).sort());
    }
  });

  for (const file of new Set(all.map(({ file }) => file))) {
    const records = all.filter((record) => record.file === file);
    test(`${file}: ${records.length} requests`, async () => {
      for (const record of records) {
        const name = `${file.replace(/^\w+-|\.txt/g, "")} ${record.title}`;
        const difference = differences.find(({ is }) => is.test(name));
        const { seen, recorded } = await replay(record);
        const isEqual = record.answer.status !== 0 && isDeepStrictEqual(seen, recorded);
        if (difference === undefined || isEqual) {
          expect({ name, ...seen }).toEqual({ name, ...recorded });
          count.equal++;
        } else {
          count.onPurpose++;
          met.add(difference.what);
        }
      }
    }, 60_000);
  }
});

async function replay(record: RealRecord): Promise<{ seen: object; recorded: object }> {
  const zitadel = await start(stateOf(record));
  try {
    const answer = await sendRaw(zitadel.url, await withToken(record, zitadel));
    const { isCut = false } = record.answer;
    return {
      seen: comparable({ ...answer, isCut }, isRevoke(record)),
      recorded: comparable(record.answer, isRevoke(record)),
    };
  } finally {
    await zitadel.close();
  }
}
