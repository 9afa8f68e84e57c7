export type { DatabaseFile } from "./database-file.ts";
export { describeFailure, describingFailures, isDamage, isFull } from "./failures.ts";
export { moveAside, removeFiles, syncDirectory } from "./files.ts";
export { inTransaction, openDatabase, openOrReplace, type Tables } from "./open.ts";
export { readPage } from "./page.ts";
