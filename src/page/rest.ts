// A file of its own, which is loaded when somebody first asks for REST.
export { rest } from "../web.js";
