import type { RefreshTokenView } from "../web.js";
import { byId, el } from "./dom.js";
import { tokenName } from "./row.js";
import type { Source } from "./source.js";

/** Asks whether to revoke these; `kept` is the one that is left out. */
export async function confirmRevoke(
  tokens: readonly RefreshTokenView[],
  kept: RefreshTokenView | undefined,
  now: number,
): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>("confirm");
  const one = tokens.length === 1;
  const what = one ? "this sign-in" : `${tokens.length} sign-ins`;
  const names = tokens.slice(0, 5).map((token) => el("li", {}, el("bdi", {}, tokenName(token, now))));
  if (tokens.length > names.length) names.push(el("li", {}, `and ${tokens.length - names.length} more`));
  byId("confirm-title").textContent = kept ? `Revoke all others (${tokens.length})?` : `Revoke ${what}?`;
  byId("confirm-revoke").textContent = one ? "Revoke" : `Revoke ${tokens.length}`;
  byId("confirm-text").replaceChildren(
    el("ul", {}, ...names),
    el(
      "p",
      {},
      `${one ? "The app has" : "Each app has"} to sign in again on that device. The access token that came with ${one ? "it" : "each"} ends too, so the app is out at once. This cannot be undone.`,
    ),
    ...(kept
      ? [
          el(
            "p",
            {},
            "Kept: ",
            el("strong", {}, el("bdi", {}, tokenName(kept, now))),
            ". ZITADEL does not tell which one is your own; the one used last is the best guess. Those that the filter hides are revoked as well.",
          ),
        ]
      : []),
  );
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise<void>((resolve) => {
    // The event comes a moment later: that of the question before is not this one's, nor is the answer that one's.
    dialog.onclose = () => dialog.open || resolve();
  });
  return dialog.returnValue === "revoke";
}

/** Prepares the dialog for another instance. `use` rejects with what is wrong about a source. */
export function openInstanceDialog(
  baseUrl: string,
  demo: Source | undefined,
  use: (source: Source) => Promise<void>,
): void {
  const dialog = byId<HTMLDialogElement>("instance");
  const [url, token] = [byId<HTMLInputElement>("url"), byId<HTMLInputElement>("token")];
  const [mistake, back] = [byId("instance-mistake"), byId<HTMLButtonElement>("demo")];
  const form = dialog.querySelector("form") as HTMLFormElement;

  const choose = async (source: Source) => {
    try {
      await use(source);
      dialog.close();
    } catch (error) {
      mistake.textContent = (error as Error).message;
    }
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const source = { name: "Your user", baseUrl: url.value.trim(), token: token.value.trim() };
    void choose(source);
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
