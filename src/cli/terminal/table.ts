import { cutText, paint, type Style, textWidth, wrap } from "./text.js";

/** One cell of a table; its text is safe to show. */
export interface Cell {
  readonly text: string;
  readonly style?: Style;
  /** Says the same in so many cells of a terminal. Default: the beginning. */
  readonly shorten?: (width: number) => string;
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly cells: readonly Cell[];
  /** Where there is too little room, it may shrink to this. Default: it may not. */
  readonly minWidth?: number;
  /** Where there is still too little, the column with the highest number goes first. Default: it stays. */
  readonly dropOrder?: number;
}

const gap = "  ";

/** Lays out a table in lines of at most `width` cells of a terminal; where its columns do not fit, each row as a list. */
export function formatTable(columns: readonly Column[], width: number, isColored: boolean): string {
  const shown = fittingColumns(columns, width);
  if (total(shown.map(minimalWidth)) > width) return formatLists(columns, width, isColored);
  const widths = shrink(shown, width);
  const row = (cellOf: (column: Column) => Cell) =>
    shown
      .map((column, index) =>
        formatCell(cellOf(column), widths[index] as number, index === shown.length - 1, isColored),
      )
      .join(gap);
  const heading = row(({ title }) => ({ text: title, style: "bold" }));
  const count = columns[0]?.cells.length ?? 0;
  const lines = Array.from({ length: count }, (_, line) => row(({ cells }) => cells[line] as Cell));
  return `${[heading, ...lines].join("\n")}\n`;
}

/** The cells of each row one below the other, broken between words. */
function formatLists(columns: readonly Column[], width: number, isColored: boolean): string {
  const start = Math.max(...columns.map(({ title }) => textWidth(title))) + gap.length;
  const lists = (columns[0]?.cells ?? []).map((_, line) =>
    columns.map(({ title, cells }) => {
      const { text, style } = cells[line] as Cell;
      const lines = wrap(text, width - start).split("\n");
      const shown = isColored && style ? lines.map((each) => paint(each, style)) : lines;
      return `${title.padEnd(start)}${shown.join(`\n${" ".repeat(start)}`)}\n`;
    }),
  );
  return lists.map((rows) => rows.join("")).join("\n");
}

function formatCell({ text, style, shorten }: Cell, width: number, isLast: boolean, isColored: boolean): string {
  const shown = textWidth(text) <= width ? text : cutText(shorten?.(width) ?? text, width);
  const padding = isLast ? "" : " ".repeat(Math.max(0, width - textWidth(shown)));
  return (isColored && style ? paint(shown, style) : shown) + padding;
}

function naturalWidth({ title, cells }: Column): number {
  return Math.max(textWidth(title), ...cells.map(({ text }) => textWidth(text)));
}

function minimalWidth(column: Column): number {
  return Math.min(naturalWidth(column), column.minWidth ?? Number.POSITIVE_INFINITY);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1));
}

function fittingColumns(columns: readonly Column[], width: number): readonly Column[] {
  const inOrder = [...columns].sort((a, b) => (b.dropOrder ?? 0) - (a.dropOrder ?? 0));
  let shown = columns;
  for (const column of inOrder.filter(({ dropOrder }) => dropOrder !== undefined)) {
    if (total(shown.map(minimalWidth)) > width) shown = shown.filter((each) => each !== column);
  }
  return shown;
}

// The column on the right gives way first: the further left, the more it matters.
function shrink(columns: readonly Column[], width: number): number[] {
  const widths = columns.map(naturalWidth);
  for (const [index, column] of [...columns.entries()].reverse()) {
    const excess = total(widths) - width;
    if (excess <= 0) break;
    widths[index] = Math.max(minimalWidth(column), (widths[index] as number) - excess);
  }
  return widths;
}
