import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import type { LocalAsset, LocalUser } from "../../testing.js";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

// The page may call any instance over https, or one on this machine, as the library lets it.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const headers = (name: string) => ({
  "Content-Type": types[extname(name)] ?? "application/octet-stream",
  "Cache-Control": "no-store",
  "Content-Security-Policy": policy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
});

/**
 * The files of the built page, for `assets` of `startLocalZitadel`, and `/demo.json`, by which the page gets the access
 * tokens of `demoUser`. No other page may read that: browsers say in `Sec-Fetch-Site` who asks.
 */
export function readPage(folder: URL, demoUser: () => LocalUser): Record<string, LocalAsset> {
  const files = readdirSync(folder).map((name) => {
    const file = { headers: headers(name), body: readFileSync(new URL(name, folder)) };
    return [name === "index.html" ? "/" : `/${name}`, file] as const;
  });
  const demo = (asked: Readonly<Record<string, string>>) => {
    const isOwn = asked.origin === undefined && (asked["sec-fetch-site"] ?? "same-origin") === "same-origin";
    const { valid, refreshed } = demoUser().tokens;
    return isOwn ? JSON.stringify({ token: valid, refreshedToken: refreshed }) : undefined;
  };
  return { ...Object.fromEntries(files), "/demo.json": { headers: headers("demo.json"), body: demo } };
}
