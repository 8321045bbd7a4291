// In Node, Bun and Deno, and in what bundlers make for a server. It has to end by itself.
import process from "node:process";
import { run } from "./contract.js";

run(JSON.parse(process.env.CONTRACT)).then((report) => console.log(JSON.stringify(report)));
