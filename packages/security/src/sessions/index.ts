export type { JwtSourceComponents } from "./jwt-source.ts";
export { openAuthority } from "./open-authority.ts";
export {
  defaultSessionOptions,
  SessionStore,
  type SessionStoreComponents,
  type SessionStoreOptions,
} from "./session-store.ts";
export { Sessions, type SessionsComponents, type SessionsOptions } from "./sessions.ts";
