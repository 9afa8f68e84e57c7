export * from "./api.ts";
export * from "./board.ts";
export * from "./errors.ts";
export * from "./event.ts";
export * from "./membership.ts";
export * from "./metrics.ts";
export * from "./node.ts";
export * from "./primitives.ts";
