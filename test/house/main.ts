// Prints what the house weighs beside what it may weigh.
import { measureMarks } from "./marks.js";

console.table(await measureMarks());
