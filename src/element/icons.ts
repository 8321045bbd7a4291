import { svg } from "./dom.js";
import type { iconOf } from "./names.js";

const shapes: Record<ReturnType<typeof iconOf>, string> = {
  computer: "M4 5h16v11H4zM2 19h20",
  phone: "M7 3h10v18H7zM11 18h2",
  app: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  unknown: "M12 3a9 9 0 1 0 .01 0M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .9-1 1.7M12 16.5v.5",
};

/** A drawing that says nothing which the text beside it does not. */
export function icon(name: keyof typeof shapes): SVGElement {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: shapes[name] }));
}
