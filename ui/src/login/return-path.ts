import { navigate } from "../route/location.ts";
import { isOwnPath } from "./own-path.ts";

const KEY = "pi-controller.return-path";

/** Remembers the page that is open while the browser goes away to an OpenID provider. */
export function rememberPage(): void {
  window.sessionStorage.setItem(KEY, window.location.pathname + window.location.search);
}

/** Goes back to the page that was open before a login at a provider, once, when one has come back at the top. */
export function resumeAfterProvider(): void {
  const path = window.sessionStorage.getItem(KEY);
  window.sessionStorage.removeItem(KEY);
  if (path !== null && window.location.pathname === "/" && isOwnPath(path)) navigate(path);
}
