import type { SignIn } from "../../node.js";
import { relativeTime } from "../relative-time.js";
import type { Cell, Column } from "./table.js";
import type { Style } from "./text.js";

export const stateStyles: Record<SignIn["state"], Style> = {
  active: "green",
  "idle-expired": "yellow",
  unfinished: "yellow",
  expired: "dim",
};

/** What makes columns of these rows: `column` of any cells, `time` of a date, told from now. */
export function columnsOf<Row>(rows: readonly Row[], now: number) {
  const column = (title: string, cellOf: (row: Row) => Cell): Column => ({ title, cells: rows.map(cellOf) });
  const time = (title: string, dateOf: (row: Row) => Date | undefined): Column =>
    column(title, (row) => {
      const date = dateOf(row);
      return { text: date ? relativeTime(date, now) : "-" };
    });
  return { column, time };
}
