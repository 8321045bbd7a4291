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

/** Lines over a logarithmic x and a y that starts at 0: for each name its `[x, y]` points, each x with a label. */
export function lineChart(
  title: string,
  axes: { x: string; y: string },
  lines: Record<string, [number, number][]>,
): string {
  const points = Object.values(lines).flat();
  const xs = [...new Set(points.map(([x]) => x))];
  const [first, last] = [Math.log10(Math.min(...xs)), Math.log10(Math.max(...xs))];
  const highest = Math.ceil(Math.max(...points.map(([, y]) => y)) * 2) / 2;
  const left = 64;
  const right = 500;
  const top = 64;
  const bottom = 330;
  const xOf = (x: number) => left + ((Math.log10(x) - first) / (last - first)) * (right - left);
  const yOf = (y: number) => bottom - (y / highest) * (bottom - top);
  const ys = Array.from({ length: highest * 2 + 1 }, (_, index) => index / 2);
  const grid = [
    ...xs.map(
      (x) =>
        `<text x="${xOf(x)}" y="${bottom + 18}" text-anchor="middle" fill="${ink}">${x.toLocaleString("en")}</text>`,
    ),
    ...ys.map(
      (y) => `<path d="M${left} ${yOf(y).toFixed(1)}H${right}" stroke="#d8dee4"/>
<text x="${left - 8}" y="${(yOf(y) + 4).toFixed(1)}" text-anchor="end" fill="${ink}">${format(y)}</text>`,
    ),
    `<text x="${(left + right) / 2}" y="${bottom + 40}" text-anchor="middle" fill="${ink}">${escaped(axes.x)}</text>`,
    `<text x="16" y="${top - 14}" fill="${ink}">${escaped(axes.y)}</text>`,
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
