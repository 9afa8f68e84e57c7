import { forgetFragment, navigate } from "../route/location.ts";
import { isOwnPath } from "./own-path.ts";
import { providerErrorOfFragment, providerErrorText } from "./provider-error.ts";

const KEY = "pi-controller.return-path";

/** Remembers the page that is open while the browser goes away to an OpenID provider. */
export function rememberPage(): void {
  window.sessionStorage.setItem(KEY, window.location.pathname + window.location.search);
}

/** What a login at a provider came back with, when it failed; empty otherwise. */
let providerError = "";

/** After a login at a provider: goes back to the page that was open before, once, or notes why it failed. */
export function resumeAfterProvider(): void {
  const error = providerErrorOfFragment(window.location.hash);
  if (error !== null) {
    providerError = providerErrorText(error);
    forgetFragment();
  }
  const path = window.sessionStorage.getItem(KEY);
  window.sessionStorage.removeItem(KEY);
  if (path !== null && window.location.pathname === "/" && isOwnPath(path)) navigate(path);
}

/** Why the last login at a provider failed, to be said on the login page; empty when it did not. */
export function lastProviderError(): string {
  return providerError;
}
