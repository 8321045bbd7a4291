// A file of its own, which is loaded only for REST: protobuf's JSON takes long to load.
export { rest } from "../../node.js";
