import { signal } from "@preact/signals";
import { forgetFragment } from "../route/location.ts";
import { codeOfFragment } from "./setup-code.ts";

/** The set-up code that came with the page's address; empty when there was none. */
export const codeInAddress = signal("");

/**
 * Takes a set-up code out of the address bar, where the link on a flashed card's label has put it, at once and
 * whenever one is put there.
 */
export function watchAddressForCode(): void {
  take();
  window.addEventListener("hashchange", take);
}

function take(): void {
  const code = codeOfFragment(window.location.hash);
  if (code === null) return;
  codeInAddress.value = code;
  forgetFragment();
}
