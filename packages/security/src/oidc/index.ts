export { OidcLogins, type OidcLoginsComponents, type OidcLoginsOptions } from "./oidc.ts";
export { type OidcOptions, oidcOptionsSchema, parseOidcOptions } from "./oidc-options.ts";
