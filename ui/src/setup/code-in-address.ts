import { forgetFragment } from "../route/location.ts";
import { codeOfFragment } from "./setup-code.ts";

let codeInAddress = "";

/** Takes a set-up code out of the address bar, where the link on a flashed card's label has put it. */
export function takeCodeFromAddress(): void {
  const code = codeOfFragment(window.location.hash);
  if (code === null) return;
  codeInAddress = code;
  forgetFragment();
}

/** The set-up code that the page was opened with; empty when there was none. */
export function codeFromAddress(): string {
  return codeInAddress;
}
