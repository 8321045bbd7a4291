// What other people's packages do for a login, bundled into a file that only a login loads.
export * as openid from "openid-client";
export { lock } from "proper-lockfile";
