import { computed, signal } from "@preact/signals";
import { isPage, parseRoute } from "./route.ts";

const href = signal(window.location.href);
const url = computed(() => new URL(href.value));

/** The path in the address bar. */
export const path = computed(() => url.value.pathname);

/** The page that the address bar names. */
export const route = computed(() => parseRoute(path.value));

/** The query of the address bar. */
export const query = computed(() => url.value.searchParams);

/** Goes to a page of the UI, with an entry in the browser's history, and to its top. */
export function navigate(path: string): void {
  window.history.pushState(null, "", path);
  href.value = window.location.href;
  window.scrollTo(0, 0);
}

/** Changes the query in place, without an entry in the history; null removes a parameter. */
export function replaceQuery(changes: Readonly<Record<string, string | null>>): void {
  const next = new URL(window.location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  window.history.replaceState(null, "", next);
  href.value = window.location.href;
}

/** Removes the fragment from the address bar and from this entry of the history. */
export function forgetFragment(): void {
  const { pathname, search } = window.location;
  window.history.replaceState(null, "", pathname + search);
  href.value = window.location.href;
}

/**
 * Follows the address bar, and turns plain clicks on links to the UI's own pages into navigation. A click
 * that asks for a new tab or a download, and a link to anywhere else, stay the browser's.
 */
export function followLocation(): void {
  window.addEventListener("popstate", () => {
    href.value = window.location.href;
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.origin !== window.location.origin || link.target !== "") return;
    if (link.hash !== "" || !isPage(link.pathname) || link.hasAttribute("download")) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
