type Child = Node | string;

/** Makes an element. Strings become text, never markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an element of SVG. */
export function svg(
  tag: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): SVGElement {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag) as SVGElement, attributes, children);
}

function fill<E extends Element>(element: E, attributes: Readonly<Record<string, string>>, children: readonly Child[]) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element of index.html with that id. */
export function byId<E extends Element = HTMLElement>(id: string): E {
  return document.getElementById(id) as unknown as E;
}

/** Changes text only where it differs, so that nothing is laid out or read out again in vain. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Rows of a `<dl>`; those without a value are left out. */
export function facts(rows: readonly (readonly [name: string, value: Child | undefined])[]): HTMLElement[] {
  return rows.flatMap(([name, value]) => {
    const shown = typeof value === "string" ? plain(value) : value;
    return shown ? [el("div", {}, el("dt", {}, name), el("dd", {}, shown))] : [];
  });
}

/** A server's text with control, format and bidirectional characters made visible, so that it cannot pose as another. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
