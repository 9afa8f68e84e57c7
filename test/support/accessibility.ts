import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Checks what is shown by the rules that axe-core has unless told otherwise (of WCAG, level A and AA, what a program
 * can check, and good practice), as it is drawn now: in the colours and the size that the page has.
 */
export async function expectAccessible(page: Page, step: string): Promise<void> {
  // What fades in is not yet as dark as it will be.
  await page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))");
  const violations = await page.evaluate<string[]>(
    `${source}; axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
       violations.map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ target }) => target.join(" ")).join(", ")))`,
  );
  expect(violations, `axe-core on ${step}`).toEqual([]);
}
