export * from "./crypto/index.ts";
export type * from "./keys.ts";
export * from "./trust/statements.ts";
export type * from "./trust/trust-port.ts";
export type * from "./use-cases.ts";
