/**
 * What a token was mistaken for, by the look of what was read; `undefined` for anything that may be one. Tells no part
 * of it. What no token may hold beside that, the library refuses.
 */
export function tokenMistake(text: string): string | undefined {
  if (text === "") return "is empty";
  // As it looks when it is read as UTF-8: in UTF-16 each second byte is 0.
  if (text.includes("\0")) {
    return "is in UTF-16, as PowerShell's > writes it: save it in ASCII (Set-Content -Encoding ascii)";
  }
  if (text.startsWith("\ufeff")) {
    return "begins with a byte order mark, as Windows tools write it: save it in ASCII, or in UTF-8 without a BOM";
  }
  if (/^\s*[{[]/.test(text)) return "is JSON: keep only the value of its access_token (jq -r .access_token)";
  // `=` ends what is in base64, and is never inside of it.
  if (/^\s*(?:export\s+|set\s+|\$env:)?[A-Za-z_]\w*\s*=\s*[^=\s]/.test(text)) {
    return "is a whole line NAME=VALUE, as of an env file: keep only the value";
  }
  if (/^["'`\u2018-\u201f]|["'`\u2018-\u201f]$/.test(text)) {
    return "has quotes around it, which env files do not always take away: remove them";
  }
  return undefined;
}
