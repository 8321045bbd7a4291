// Looks of the element. A constructed sheet, which no Content-Security-Policy refuses. Apps change it by the custom
// properties at its top and by `::part`.
const css = `
:host {
  --_text: var(--sign-ins-text, CanvasText);
  --_muted: var(--sign-ins-muted, light-dark(#566074, #9fabbd));
  --_line: var(--sign-ins-line, light-dark(#d5dae3, #343d4d));
  --_surface: var(--sign-ins-surface, light-dark(#fff, #181d26));
  --_accent: var(--sign-ins-accent, light-dark(#3350c8, #93a8ff));
  --_danger: var(--sign-ins-danger, light-dark(#b3261e, #ff8f86));
  --_radius: var(--sign-ins-radius, 10px);
  display: block;
  color: var(--_text);
  line-height: 1.45;
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; min-width: 0; }
h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
h2 { font-size: 1.125em; margin-block: 1.25em .5em; }
section:first-of-type > h2 { margin-block-start: 0; }
h3 { font-size: 1em; }
ul { display: grid; gap: .625em; list-style: none; }
bdi, p, dd, h3, code { overflow-wrap: anywhere; }
p, time, dt { color: var(--_muted); }
time { white-space: nowrap; }
dd time { white-space: normal; }
:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }
section > ul > li {
  display: grid;
  grid-template-columns: auto 1fr auto;
  gap: .25em .875em;
  align-items: start;
  padding: .875em 1em;
  background: var(--_surface);
  border: 1px solid var(--_line);
  border-radius: var(--_radius);
  content-visibility: auto;
  contain-intrinsic-size: auto 6em;
}
.icon { width: 1.75em; height: 1.75em; fill: none; stroke: currentColor; stroke-width: 1.75; }
.badge { font-size: .8125em; font-weight: 550; padding: .0625em .5em; border: 1px solid; border-radius: 1em; color: var(--_muted); }
.mistake, .problem { color: var(--_danger); }
button, input[type="search"], select {
  font: inherit;
  color: inherit;
  min-height: 2.5em;
  padding: .375em .875em;
  background: var(--_surface);
  border: 1px solid light-dark(#8a94a6, #66738a);
  border-radius: 8px;
}
button { font-weight: 550; cursor: pointer; }
button[aria-disabled="true"] { color: var(--_muted); cursor: default; }
.danger { color: light-dark(#fff, #1c0a09); background: var(--_danger); border-color: var(--_danger); }
details { margin-block-start: .375em; }
summary { color: var(--_muted); width: fit-content; cursor: pointer; }
dl { display: grid; gap: .5em 1.5em; grid-template-columns: repeat(auto-fill, minmax(min(14em, 100%), 1fr)); margin-block-start: .5em; }
dt { font-size: .8125em; }
.notice, .problem, .hint { margin-block: .5em; }
.notice:not(:empty) { color: inherit; padding: .625em .875em; border-inline-start: 4px solid var(--_accent); background: var(--_surface); }
.others { margin-block-start: .75em; }
.tools, .actions { display: flex; flex-wrap: wrap; gap: .625em; align-items: end; margin-block: .625em; }
.tools label { display: grid; gap: .125em; flex: 1 1 10em; font-size: .8125em; color: var(--_muted); }
.tools input, .tools select { width: 100%; font-size: 1rem; color: var(--_text); }
.life { display: block; width: 100%; height: 1.25em; margin-block-start: .25em; overflow: visible; }
.life line { stroke: var(--_line); stroke-width: 2; }
.life .usable { stroke: var(--_accent); stroke-width: 4; }
.life .past { stroke: var(--_muted); stroke-width: 4; }
.life .now { stroke: currentColor; stroke-dasharray: 3 2; }
.life .mark { fill: var(--_surface); stroke: var(--_accent); stroke-width: 2; }
:host(:dir(rtl)) .life { transform: scaleX(-1); }
dialog { color: var(--_text); background: var(--_surface); border: 1px solid var(--_line); border-radius: var(--_radius); width: min(30em, calc(100vw - 2em)); max-height: calc(100vh - 2em); padding: 1.25em; }
dialog::backdrop { background: #0007; }
dialog h2 { margin-block-start: 0; }
dialog ul { max-height: 40vh; overflow: auto; margin-block: .75em; }
dialog li::before { content: "• "; }
dialog li:has(label)::before { content: none; }
.loading { animation: pulse 1.5s ease-in-out infinite; }
@keyframes pulse { 50% { opacity: .5; } }
@media (prefers-reduced-motion: reduce) { .loading { animation: none; } }
@media (max-width: 30em) {
  section > ul > li { grid-template-columns: auto 1fr; }
  section > ul > li > button { grid-column: 2; justify-self: start; }
}
@media (forced-colors: active) {
  button, .badge, section > ul > li { border-color: ButtonText; }
  .life .usable { stroke: Highlight; }
}
`;

let sheet: CSSStyleSheet | undefined;

/** The sheet, one for all elements of the page. */
export function styleSheet(): CSSStyleSheet {
  if (sheet) return sheet;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}
