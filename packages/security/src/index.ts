export * from "./crypto/index.ts";
export type * from "./keys.ts";
export { addressFilter, plainAddress, senderOf } from "./limits/address.ts";
export * from "./trust/statements.ts";
export type * from "./trust/trust-port.ts";
export type * from "./use-cases.ts";
