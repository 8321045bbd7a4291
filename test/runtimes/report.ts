/** What became of the contract over one protocol: the answer's content type, or the sentence that a user gets. */
export type Outcome = { readonly works: string } | { readonly refused: string } | { readonly failed: string };

export type ProtocolName = "default" | "grpc" | "grpcWeb" | "rest";

/** One place where the package ran: `name` within its `group`, such as 20.20.2 of Node. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly report: Readonly<Record<ProtocolName, Outcome>> | { readonly notTried: string };
}

/** Bytes of a page's script, minified, and then compressed with gzip. */
export interface Size {
  readonly bundler: string;
  readonly grpcWeb: readonly [minified: number, gzip: number];
  readonly rest: readonly [minified: number, gzip: number];
}

export interface Run {
  readonly date: string;
  readonly rows: readonly Row[];
  readonly sizes: readonly Size[];
}

/** What went wrong in a run, one line each. */
export function failures({ rows }: Run): string[] {
  return rows.flatMap(({ group, name, report }) =>
    Object.entries(report).flatMap(([protocol, outcome]) =>
      typeof outcome === "object" && "failed" in outcome ? [`${group} ${name}, ${protocol}: ${outcome.failed}`] : [],
    ),
  );
}

const protocolOf = (contentType: string) =>
  contentType.startsWith("application/grpc-web") ? "gRPC-Web" : contentType === "application/json" ? "REST" : "gRPC";

/** Where it runs, in Markdown. Places of a group where all is alike share a line. */
function renderPlaces({ rows }: Run): string {
  const sentences: string[] = [];
  const refer = (sentence: string) => {
    if (!sentences.includes(sentence)) sentences.push(sentence);
    return `no [${sentences.indexOf(sentence) + 1}]`;
  };
  const cellOf = (outcome: Outcome, works: string) =>
    "works" in outcome ? works : refer("refused" in outcome ? outcome.refused : `failed: ${outcome.failed}`);
  const cellsOf = ({ report }: Row): string => {
    if ("notTried" in report) return `not tried: ${report.notTried} | | |`;
    const { default: own, grpc, grpcWeb, rest } = report;
    const named = [grpc, grpcWeb, rest].map((outcome) => cellOf(outcome, "works"));
    return [...named, cellOf(own, "works" in own ? protocolOf(own.works) : "")].join(" | ");
  };
  const lines = new Map<string, { group: string; names: string[]; cells: string }>();
  for (const row of rows) {
    const cells = cellsOf(row);
    const line = lines.get(`${row.group}|${cells}`) ?? { group: row.group, names: [], cells };
    line.names.push(row.name);
    lines.set(`${row.group}|${cells}`, line);
  }
  return [
    "| where | gRPC | gRPC-Web | REST | by default |",
    "|---|---|---|---|---|",
    ...[...lines.values()].map(({ group, names, cells }) => `| ${group} ${names.join(", ")} | ${cells} |`),
    ...sentences.flatMap((sentence, index) => ["", `[${index + 1}] ${sentence}`]),
  ].join("\n");
}

/** What a page pays, in Markdown. */
function renderSizes({ sizes }: Run): string {
  const kB = ([minified, gzip]: Size["rest"]) => `${(minified / 1000).toFixed(1)} / ${(gzip / 1000).toFixed(1)}`;
  return [
    "| kB of a page that lists, minified / gzip | gRPC-Web | REST |",
    "|---|---:|---:|",
    ...sizes.map(({ bundler, grpcWeb, rest }) => `| ${bundler} | ${kB(grpcWeb)} | ${kB(rest)} |`),
  ].join("\n");
}

export function renderRun(run: Run): string {
  return `${renderPlaces(run)}\n\n${renderSizes(run)}\n\n\`npm run runtimes\`, ${run.date}\n`;
}

/** Writes a run into a page: each table between the comments that mark its place, `<!-- places -->` and `<!-- /places -->`. */
export function writeTables(page: string, run: Run): string {
  const tables = { places: renderPlaces(run), sizes: renderSizes(run), date: run.date };
  return page.replace(/<!-- (places|sizes|date) -->[\s\S]*?<!-- \/\1 -->/g, (_, name: keyof typeof tables) => {
    const space = name === "date" ? "" : "\n\n";
    return `<!-- ${name} -->${space}${tables[name]}${space}<!-- /${name} -->`;
  });
}
