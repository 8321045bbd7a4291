// In a browser.
import { run } from "./contract.js";

globalThis.runContract = run;
