type Child = Node | string;
type Attributes = Readonly<Record<string, string>>;

/** Makes an element. Strings become text, never markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an element of SVG. */
export function svg(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag) as SVGElement, attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Changes text only where it differs, so that nothing is laid out or read out again in vain. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Shows a text in an element, or hides that where there is none. */
export function show(element: HTMLElement, text: string | false | undefined): void {
  setText(element, text || "");
  element.hidden = !text;
}

export type Facts = readonly (readonly [name: string, value: Child | undefined])[];

/** Rows of a `<dl>`; those without a value are left out. */
export function facts(rows: Facts): HTMLElement[] {
  return rows.flatMap(([name, value]) => {
    const shown = typeof value === "string" ? plain(value) : value;
    return shown ? [el("div", {}, el("dt", {}, name), el("dd", {}, shown))] : [];
  });
}

/**
 * Somebody's text with control, format and bidirectional characters made visible, so that it cannot pose as another. The
 * joiner within an emoji stays.
 */
export function plain(text: string): string {
  return text
    .slice(0, 500)
    .replace(/(?<!\p{Extended_Pictographic}\ufe0f?)\u200d|[\p{Cc}\p{Zl}\p{Zp}]|(?!\u200d)\p{Cf}/gu, (char) => {
      return `\\u{${char.codePointAt(0)?.toString(16)}}`;
    });
}
