// The page: where the demo user of `zitadel-refresh-tokens serve`, or the user of another instance, is signed in.

import { facts, plain } from "../element/dom.js";
import { SignInsElement, type SignInsErrorEvent } from "../element/sign-ins-element.js";
import { type AuthClient, getErrorInfo } from "../web.js";
import { createRecordedClient, type ProtocolName } from "./recorded-client.js";
import { findDemo, type Source } from "./source.js";

/** The element of index.html with that id. */
const byId = <E extends Element = HTMLElement>(id: string): E => document.getElementById(id) as unknown as E;

customElements.define("sign-ins", SignInsElement);
const element = byId<SignInsElement>("sign-ins");
const protocols = [...document.querySelectorAll<HTMLInputElement>("input[name=protocol]")];
const [url, token] = [byId<HTMLInputElement>("url"), byId<HTMLInputElement>("token")];
let source: Source | undefined;
let turns = 0;

/** Shows a source over the protocol that is chosen. Rejects with what is wrong with it. */
async function use(chosen: Source): Promise<void> {
  const protocol = protocols.find(({ checked }) => checked)?.value as ProtocolName;
  const turn = ++turns;
  const client = await createRecordedClient(chosen, protocol, (request) => {
    byId("request-facts").replaceChildren(...facts(request));
  });
  // Somebody has chosen again meanwhile.
  if (turn !== turns) return void client.close();
  const last = element.client as AuthClient | undefined;
  source = chosen;
  byId("error-facts").replaceChildren();
  byId("source").textContent = `${chosen.name} at ${plain(chosen.baseUrl)}`;
  element.client = client;
  void last?.close();
}

/** What developers need of an error; the element has the words for people. */
function showError(error: unknown): void {
  const { id, reason } = getErrorInfo(error);
  byId("error-facts").replaceChildren(
    ...facts([
      ["Error", (error as Error).message],
      ["ZITADEL's id", id],
      ["Reason", reason],
    ]),
  );
}

async function switchProtocol(): Promise<void> {
  if (!source) return;
  try {
    await use(source);
  } catch (error) {
    // REST's script cannot be loaded.
    for (const input of protocols) input.checked = input.value === "grpcWeb";
    showError(error);
  }
}

/** Shows the sign-ins of the user whose token was typed. */
async function useInstance(): Promise<void> {
  byId("instance").setAttribute("aria-busy", "true");
  byId("mistake").textContent = "";
  try {
    await use({ name: "Your user", baseUrl: url.value.trim(), token: token.value.trim() });
    // Gone from the page as soon as it is not needed there.
    token.value = "";
  } catch (error) {
    byId("mistake").textContent = (error as Error).message;
  }
  byId("instance").removeAttribute("aria-busy");
}

element.addEventListener("error", (event) => showError((event as Event as SignInsErrorEvent).detail.error));
for (const input of protocols) input.onchange = () => void switchProtocol();
byId("reload").onclick = () => void element.refresh();
byId("instance").onsubmit = (event) => {
  event.preventDefault();
  void useInstance();
};
addEventListener("online", () => void element.refresh());

byId("origin").textContent = location.origin;
const demo = await findDemo();
byId<HTMLDetailsElement>("developers").open = !demo;
if (demo) await use(demo);
else byId("source").textContent = "Choose an instance below.";
