import type { SessionView, SignIn } from "../public.js";
import type { SignInsTexts } from "./texts.js";

/** What names are made with. */
export interface Naming {
  readonly texts: SignInsTexts;
  /** Names of apps by their client ids; of `320…@project` the number alone is an id too. */
  readonly apps: Readonly<Record<string, string>>;
}

/** What a person calls a sign-in: its device, or its app. */
export function nameOf(signIn: SignIn, { texts, apps }: Naming): string {
  if (signIn.kind === "refreshToken") {
    const [number = ""] = signIn.clientId.split("@");
    return apps[signIn.clientId] ?? apps[number] ?? texts.unknownApp(number.slice(-4));
  }
  const [browser, system] = deviceOf(signIn);
  if (browser && system) return texts.browserOn(browser, system);
  return browser || system || texts.unknownDevice;
}

/** What stands before the name. */
export function iconOf(signIn: SignIn): "computer" | "phone" | "app" | "unknown" {
  if (signIn.kind === "refreshToken") return "app";
  const text = `${signIn.device ?? ""} ${signIn.userAgent ?? ""}`;
  if (/iphone|ipad|ipod|android|mobile|phone|tablet/i.test(text)) return "phone";
  return text.trim() ? "computer" : "unknown";
}

// Versions and engines, which the current login puts between the browser and the system.
const noise = /^(?:[\d._]+|blink|gecko|webkit|mobile|tablet|desktop)$/i;

/** Browser and system of a session, as far as its login told them. */
export function deviceOf({
  device,
  userAgent = "",
}: SessionView): [browser?: string | undefined, system?: string | undefined] {
  const parts = (device ?? "").split(",").map((part) => part.trim());
  const [browser, ...others] = parts.filter((part) => part !== "" && !noise.test(part));
  if (browser !== undefined) return [browser, others.at(-1)];
  const find = (names: readonly (readonly [RegExp, string])[]) => names.find(([sign]) => sign.test(userAgent))?.[1];
  return [find(browsers), find(systems)];
}

// The first that fits: most browsers name others too.
const browsers = [
  [/Edg/, "Edge"],
  [/OPR|Opera/, "Opera"],
  [/Firefox|FxiOS/, "Firefox"],
  [/Chrome|CriOS/, "Chrome"],
  [/Safari/, "Safari"],
] as const;
const systems = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
] as const;
