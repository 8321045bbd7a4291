/// <reference lib="dom" />
export {
  type SignedOutEvent,
  SignInsElement,
  type SignInsErrorEvent,
  type SignInsProps,
} from "./element/sign-ins-element.js";
export type { SignInsTexts } from "./element/texts.js";
