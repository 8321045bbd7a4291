// The page: where the demo user of `zitadel-refresh-tokens serve`, or the user of another instance, is signed in.

import { facts, plain } from "../element/dom.js";
import { SignInsElement, type SignInsErrorEvent } from "../element/sign-ins-element.js";
import { type AuthClient, getErrorInfo } from "../web.js";
import { byId, openInstanceDialog } from "./instance-dialog.js";
import { createRecordedClient, type ProtocolName } from "./recorded-client.js";
import { findDemo, type Source } from "./source.js";

customElements.define("sign-ins", SignInsElement);
const element = byId<SignInsElement>("sign-ins");
const protocols = [...document.querySelectorAll<HTMLInputElement>("input[name=protocol]")];
const demo = findDemo();
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

async function chooseInstance(): Promise<void> {
  const found = await demo;
  openInstanceDialog(source === found ? "" : (source?.baseUrl ?? ""), found, use);
}

element.addEventListener("error", (event) => showError((event as Event as SignInsErrorEvent).detail.error));
for (const input of protocols) input.onchange = () => void switchProtocol();
byId("reload").onclick = () => void element.refresh();
byId("other").onclick = () => void chooseInstance();
addEventListener("online", () => void element.refresh());

const found = await demo;
if (found) await use(found);
else await chooseInstance();
