import { signal } from "@preact/signals";

const preference = window.matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark: what is drawn on a canvas must be drawn again when that changes. */
export const darkScheme = signal(preference.matches);

preference.addEventListener("change", ({ matches }) => {
  darkScheme.value = matches;
});
