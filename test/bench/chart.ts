const ink = "#57606a";
const palette = ["#0b6bcb", "#8250df", "#bf3989", "#bc4c00", "#7d8590", "#116329", "#953800", "#0969da", "#6e7781"];

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function svg(width: number, height: number, title: string, body: string): string {
  // On a ground of its own, so that it can be read on a dark page too.
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" rx="6" fill="#fff"/>
<text x="16" y="26" font-weight="600" fill="#1f2328">${escaped(title)}</text>
${body}
</svg>
`;
}

/** Horizontal bars, shortest first; those whose name starts with "ours" stand out. */
export function barChart(title: string, unit: string, values: Record<string, number>): string {
  const rows = Object.entries(values).sort(([, a], [, b]) => a - b);
  const longest = Math.max(...rows.map(([, value]) => value));
  const bars = rows.map(([name, value], index) => {
    const y = 48 + index * 26;
    const length = Math.max(1, (value / longest) * 380);
    const fill = name.startsWith("ours") ? palette[0] : "#c4ccd4";
    return `<text x="236" y="${y + 13}" text-anchor="end" fill="#1f2328">${escaped(name)}</text>
<rect x="246" y="${y}" width="${length.toFixed(1)}" height="18" rx="3" fill="${fill}"/>
<text x="${(252 + length).toFixed(1)}" y="${y + 13}" fill="${ink}">${format(value)} ${unit}</text>`;
  });
  return svg(720, 60 + rows.length * 26, title, bars.join("\n"));
}

/** Lines over two logarithmic axes: for each name its `[x, y]` points. */
export function lineChart(
  title: string,
  axes: { x: string; y: string },
  lines: Record<string, [number, number][]>,
): string {
  const points = Object.values(lines).flat();
  const span = (values: number[]) => [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))] as const;
  const [x0, x1] = span(points.map(([x]) => x));
  const [y0, y1] = span(points.map(([, y]) => y));
  const left = 64;
  const right = 500;
  const top = 48;
  const bottom = 330;
  const xOf = (x: number) => left + ((Math.log10(x) - x0) / (x1 - x0)) * (right - left);
  const yOf = (y: number) => bottom - ((Math.log10(y) - y0) / (y1 - y0)) * (bottom - top);
  const decades = (low: number, high: number) =>
    Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, index) => 10 ** (Math.ceil(low) + index));
  const grid = [
    ...decades(x0, x1).map(
      (x) => `<text x="${xOf(x)}" y="${bottom + 18}" text-anchor="middle" fill="${ink}">${format(x)}</text>`,
    ),
    ...decades(y0, y1).map(
      (y) => `<path d="M${left} ${yOf(y).toFixed(1)}H${right}" stroke="#d8dee4"/>
<text x="${left - 8}" y="${(yOf(y) + 4).toFixed(1)}" text-anchor="end" fill="${ink}">${format(y)}</text>`,
    ),
    `<text x="${(left + right) / 2}" y="${bottom + 40}" text-anchor="middle" fill="${ink}">${escaped(axes.x)}</text>`,
    `<text x="${left}" y="${top - 6}" fill="${ink}">${escaped(axes.y)}</text>`,
  ];
  const drawn = Object.entries(lines).map(([name, line], index) => {
    const colour = palette[index % palette.length];
    const path = line.map(([x, y]) => `${xOf(x).toFixed(1)} ${yOf(y).toFixed(1)}`).join("L");
    const y = top + 8 + index * 20;
    return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="${name.startsWith("ours") ? 3 : 1.5}"/>
<path d="M520 ${y - 4}h16" stroke="${colour}" stroke-width="3"/><text x="542" y="${y}" fill="#1f2328">${escaped(name)}</text>`;
  });
  return svg(720, 384, title, [...grid, ...drawn].join("\n"));
}

function format(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
