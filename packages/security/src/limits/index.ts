export { addressFilter, allowsAddress, plainAddress, senderOf } from "./address.ts";
export { AddressLimit } from "./address-limit.ts";
export type { AttemptPolicy } from "./attempts.ts";
export { LimitedKeyring, type LimitedKeyringComponents } from "./limited-keyring.ts";
export { defaultLoginLimits, LoginLimit, type LoginLimitOptions } from "./login-limit.ts";
export { RecentMap } from "./recent-map.ts";
