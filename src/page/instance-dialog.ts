import type { Source } from "./source.js";

/** The element of index.html with that id. */
export const byId = <E extends Element = HTMLElement>(id: string): E => document.getElementById(id) as unknown as E;

/** Asks for another instance. `use` rejects with what is wrong about a source, which the dialog shows. */
export function openInstanceDialog(
  baseUrl: string,
  demo: Source | undefined,
  use: (source: Source) => Promise<void>,
): void {
  const dialog = byId<HTMLDialogElement>("instance");
  const [url, token] = [byId<HTMLInputElement>("url"), byId<HTMLInputElement>("token")];
  const [mistake, back] = [byId("instance-mistake"), byId<HTMLButtonElement>("demo")];

  const choose = async (source: Source) => {
    mistake.textContent = "";
    dialog.setAttribute("aria-busy", "true");
    try {
      await use(source);
      dialog.close();
    } catch (error) {
      mistake.textContent = (error as Error).message;
    }
    dialog.removeAttribute("aria-busy");
  };
  (dialog.querySelector("form") as HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    void choose({ name: "Your user", baseUrl: url.value.trim(), token: token.value.trim() });
  };
  back.onclick = () => demo && void choose(demo);
  byId("instance-cancel").onclick = () => dialog.close();
  // Gone from the page as soon as nobody types it.
  dialog.onclose = () => {
    token.value = "";
  };
  mistake.textContent = "";
  byId("origin").textContent = location.origin;
  back.hidden = !demo;
  url.value = baseUrl;
  dialog.showModal();
}
