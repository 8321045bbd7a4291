// The page: where the demo user of `zitadel-refresh-tokens serve`, or the user of another instance, is signed in.
import { type RefreshTokensView, viewRefreshTokens } from "../web.js";
import type { CallRecord, ProtocolName } from "./calls.js";
import { confirmRevoke, openInstanceDialog } from "./dialogs.js";
import { byId, el, facts, setText } from "./dom.js";
import { ListView } from "./list-view.js";
import { describe } from "./problem.js";
import { showRequest } from "./request-panel.js";
import { Session } from "./session.js";
import { findDemo } from "./source.js";
import { showTime, timeElement } from "./time.js";

const say = (text: string) => setText(byId("said"), text);
const session = new Session(render, showCall, say);
const listView = new ListView((ids) => void askAndRevoke(ids));
let view: RefreshTokensView | undefined;
const listedAt = timeElement();
const demo = findDemo();

function render(): void {
  const { response, problem, loading, source } = session;
  const now = Date.now();
  view = response && viewRefreshTokens(response, { now });
  const isEmpty = view?.tokens.length === 0;
  const offline = !navigator.onLine;

  byId("source").replaceChildren(
    ...(source ? [`${source.name} at `, el("bdi", {}, source.baseUrl)] : ["No instance chosen"]),
    ...(session.listedAt ? [", listed ", listedAt] : []),
  );
  showTime(listedAt, session.listedAt, now);
  byId("loading").hidden = !loading || response !== undefined;
  byId("reload").setAttribute("aria-busy", String(loading));
  setText(
    byId("offline"),
    offline
      ? `You are offline. ${response ? "The list may be out of date; it" : "The list"} is loaded when you are back.`
      : "",
  );

  byId("problem").hidden = !problem || (problem.offline === true && offline);
  setText(byId("problem-title"), problem?.title ?? "");
  setText(byId("remedy"), problem?.remedy ?? "");
  byId("problem-facts").replaceChildren(...facts(problem?.facts ?? []));
  byId("other-token").hidden = problem?.action !== "other-token";
  byId("to-grpc-web").hidden = problem?.action !== "to-grpc-web";

  byId("truncated").hidden = !view?.truncated;
  setText(
    byId("truncated"),
    view ? `ZITADEL sent ${view.tokens.length} of ${view.total} tokens: it lists no more.` : "",
  );
  byId("empty").hidden = !isEmpty;
  byId("tokens").hidden = !view || isEmpty;
  if (view) listView.render(view, session.marks, now);
}

function showCall(record: CallRecord): void {
  showRequest(record);
  const failed = record.attempts.at(-1)?.code !== undefined;
  const text = byId("loading").firstElementChild as HTMLElement;
  const again = record.ms === undefined && failed;
  setText(text, again ? `Trying again: attempt ${record.attempts.length + 1}…` : "Loading your refresh tokens…");
}

async function askAndRevoke(ids: readonly string[], keepFirst = false): Promise<void> {
  const open = view?.tokens.filter(({ id }) => (session.marks.get(id)?.kind ?? "failed") === "failed") ?? [];
  const kept = keepFirst ? open[0] : undefined;
  const tokens = open.filter((token) => token !== kept && (keepFirst || ids.includes(token.id)));
  if (tokens.length === 0) return say("There is nothing else to revoke.");
  if (!(await confirmRevoke(tokens, kept, Date.now()))) return;
  await session.revoke(tokens.map(({ id }) => id));
  // What had the focus may be gone.
  if (document.activeElement === document.body) byId(view?.tokens.length ? "tokens-title" : "reload").focus();
}

async function chooseInstance(): Promise<void> {
  const found = await demo;
  const { source } = session;
  openInstanceDialog(source === found ? "" : (source?.baseUrl ?? ""), found, async (chosen) => {
    await session.use(chosen, session.protocol);
  });
}

async function switchTo(protocol: ProtocolName): Promise<void> {
  for (const input of protocols) input.checked = input.value === protocol;
  if (!session.source) {
    session.protocol = protocol;
    return;
  }
  try {
    await session.use(session.source, protocol);
  } catch (error) {
    // REST's script cannot be loaded.
    session.problem = describe(error);
    for (const input of protocols) input.checked = input.value === session.protocol;
    render();
  }
}

const protocols = [...document.querySelectorAll<HTMLInputElement>("input[name=protocol]")];
for (const input of protocols) input.onchange = () => void switchTo(input.value as ProtocolName);
byId("to-grpc-web").onclick = () => void switchTo("grpcWeb");
byId("reload").onclick = byId("again").onclick = () => void session.reload();
byId("other").onclick = byId("other-token").onclick = () => void chooseInstance();
byId("revoke-others").onclick = () => void askAndRevoke([], true);
addEventListener("offline", render);
addEventListener("online", () => void session.reload());
// States and times change while nobody does anything.
setInterval(() => document.hidden || render(), 60_000);

const found = await demo;
if (found) {
  await session.use(found, session.protocol);
} else {
  session.loading = false;
  render();
  await chooseInstance();
}
