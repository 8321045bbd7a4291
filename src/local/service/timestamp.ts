import { fromJson } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";

/** A time as options give it: an ISO string may have nanoseconds. */
export function timestamp(time: Date | string): Timestamp {
  return typeof time === "string" ? fromJson(TimestampSchema, time) : timestampFromDate(time);
}
