export * from "./certificates/index.ts";
export * from "./crypto/index.ts";
export * from "./enrolment/index.ts";
export type * from "./keys.ts";
export { addressFilter, plainAddress, senderOf } from "./limits/address.ts";
export * from "./trust/index.ts";
export type * from "./use-cases.ts";
