/** `Symbol.asyncDispose`, also where the runtime does not have it yet: a method must not end up named "undefined". */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
