/** The same options without prototypes: what somebody put there must not be able to set, say, `allowInsecure`. */
export const nullPrototype = <T extends object>(options: T): T => ({ __proto__: null, ...options });
