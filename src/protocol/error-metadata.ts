import { appendField } from "../http/fields.js";
import type { HttpFields } from "../http/http.js";

// An error ends up in logs and with callers: what belongs to the connection or could be a secret stays out, and so
// does what no caller will read.
// The status is in the error itself; in metadata its encodings would keep what is taken out of it there.
const hidden =
  /^(?:set-cookie|authorization|proxy-authenticate|connection|grpc-status|grpc-message|grpc-status-details-bin|:.*)$/;
const maxMetadataFields = 64;
const maxMetadataLength = 8 * 1024;

/** What an error tells of the header fields that came with it. */
export function errorMetadata(...sources: (HttpFields | undefined)[]): Headers {
  const metadata = new Headers();
  let fields = 0;
  let length = 0;
  // One and the same in a Trailers-Only answer.
  for (const source of new Set(sources)) {
    source?.forEach((value, name) => {
      if (fields === maxMetadataFields || hidden.test(name)) return;
      fields += 1;
      length += name.length + value.length;
      if (length <= maxMetadataLength) appendField(metadata, name, value);
    });
  }
  return metadata;
}
