import type { Answer } from "./exchange.js";
import type { Instance } from "./instance.js";

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => escapes[char] ?? char);
}

/** Asks who signs in. Its form sends back what the page was asked with. */
export function approvalPage({ accounts }: Pick<Instance, "accounts">, form: URLSearchParams): Answer {
  const users = accounts.map(
    ({ user }) => `<option value="${escapeHtml(user.id)}">${escapeHtml(user.loginName)}</option>`,
  );
  const hidden = [...form]
    .filter(([name]) => name !== "user_code")
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`);
  const isDevice = !form.has("redirect_uri");
  const code = `<p><label>Code <input name="user_code" required value="${escapeHtml(form.get("user_code") ?? "")}"></label>`;
  return page(
    200,
    `<form method="post">${hidden.join("")}${isDevice ? code : ""}
<p><label>User <select name="user">${users.join("")}</select></label>
<p><button>Approve</button> <button name="deny" value="1">Refuse</button></form>`,
  );
}

/** Tells the person something. */
export function messagePage(status: number, text: string): Answer {
  return page(status, `<p>${escapeHtml(text)}`);
}

function page(status: number, content: string): Answer {
  const body = Buffer.from(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" \
content="width=device-width"><meta name="color-scheme" content="light dark"><title>Local ZITADEL</title>
<body style="font: 16px system-ui; max-width: 24em; margin: 4em auto"><h1>Sign in</h1>${content}\n`);
  const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Length": String(body.length) };
  // No frame of another page may have its buttons pressed.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
  return { status, headers: { ...headers, "Content-Security-Policy": policy }, body };
}
