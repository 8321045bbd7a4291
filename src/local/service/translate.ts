const texts = {
  "Errors.User.RefreshToken.NotFound": {
    en: "Refresh Token not found",
    de: "Refresh Token nicht gefunden",
    es: "No se encontró el token de refresco",
    fr: "Jeton de rafraîchissement non trouvé",
    it: "Refresh Token non trovato",
    ja: "リフレッシュトークンが見つかりません",
    zh: "未找到 Refresh Token",
  },
  "Errors.IDMissing": {
    en: "ID missing",
    de: "ID fehlt",
    fr: "ID manquant",
  },
} satisfies Record<string, Record<string, string>>;

/** An error's text in a language; in English where the text is not known in it. */
export function translate(key: keyof typeof texts, language: string): string {
  const translations: Record<string, string> = texts[key];
  return translations[language] ?? texts[key].en;
}

/** The languages that ZITADEL speaks. */
const supported = new Set("bg cs de en es fr hu id it ja ko mk nl pl pt ro ru sv tr zh".split(" "));

/** Chooses the language of a call: what the user prefers, then what the call accepts, then English. */
export function chooseLanguage(preferred: string | undefined, acceptLanguage: string | undefined): string {
  const accepted = (acceptLanguage ?? "")
    .split(",")
    .map((range) => {
      const [tag = "", ...parameters] = range.split(";").map((part) => part.trim());
      const q = parameters.find((parameter) => parameter.startsWith("q="));
      return { tag, q: q === undefined ? 1 : Number(q.slice(2)) };
    })
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q);
  const wishes = [preferred ?? "", ...accepted.map(({ tag }) => tag)];
  const languages = wishes.map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return languages.find((language) => supported.has(language)) ?? "en";
}
