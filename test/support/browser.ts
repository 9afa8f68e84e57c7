import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { buildUi } from "../../scripts/build-ui.ts";
import type { MeshAccess } from "../../scripts/mesh-setup.ts";
import { chromiumPath } from "../capabilities.ts";
import type { Host } from "./namespaces.ts";
import type { Cleanup } from "./peer-process.ts";

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  // Nothing of the browser's own goes to the network.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };

/** What a peer that is gone makes the browser say: no fault of the page. */
const LOST_PEER = /ERR_|WebSocket/;

/** What a browser only warns of: headers of ours that it does not understand. */
const HEADERS = /Permissions-Policy|Content.Security.Policy/i;

/** A page, and what the browser complained about on it: errors, and what the content security policy forbade. */
export interface TestPage {
  readonly page: Page;
  readonly complaints: string[];
}

/** Starts Chromium with the web UI built: on this machine, or on a host of a test's network. */
export async function launchBrowser(cleanup: Cleanup, host?: Host): Promise<Browser> {
  await buildUi();
  const executablePath = host === undefined ? (chromiumPath ?? "") : wrapperScript(cleanup, host);
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  cleanup.add(() => browser.close());
  return browser;
}

/** Opens a page as a person who has never been there: without cookies, taking any certificate. */
export async function openPage(
  cleanup: Cleanup,
  browser: Browser,
  url: string,
  viewport = DESKTOP,
): Promise<TestPage> {
  const context = await browser.newContext({ viewport, ignoreHTTPSErrors: true });
  cleanup.add(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    const complains = message.type() === "error" || HEADERS.test(message.text());
    if (complains && !LOST_PEER.test(message.text())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

export const onPhone = PHONE;

/** Fills in the login page that is shown. */
export async function logInOn(
  page: Page,
  { userName, password }: Pick<MeshAccess, "userName" | "password">,
): Promise<void> {
  await page.getByRole("textbox", { name: "User name" }).fill(userName);
  await page.getByRole("textbox", { name: "Password", exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

/** Opens a page of a mesh and logs in there. */
export async function openLoggedIn(
  cleanup: Cleanup,
  browser: Browser,
  url: string,
  access: Pick<MeshAccess, "userName" | "password">,
  viewport = DESKTOP,
): Promise<TestPage> {
  const opened = await openPage(cleanup, browser, url, viewport);
  await logInOn(opened.page, access);
  return opened;
}

/** The row of the table of nodes that is about the node of that name. */
export function nodeRow(page: Page, name: string) {
  return page.getByRole("row", { name: new RegExp(`^${name} `) });
}

/**
 * Checks that what is shown needs no scrolling to the side, on a desktop and on a phone. With the environment's
 * `SCREENSHOTS` it leaves a picture of each in that directory.
 */
export async function expectFits(page: Page, step: string): Promise<void> {
  const before = page.viewportSize() ?? DESKTOP;
  for (const [device, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await page.setViewportSize(viewport);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    expect(overflow, `${step} on a ${device}`).toBeLessThanOrEqual(0);
    const directory = process.env.SCREENSHOTS;
    if (directory !== undefined) {
      await page.screenshot({ path: join(directory, `${step}-${device}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(before);
}

/** Playwright starts one program; this one starts Chromium on the host, and hands on the pipes it is driven by. */
function wrapperScript(cleanup: Cleanup, host: Host): string {
  const script = join(cleanup.temporaryDirectory(), "chromium");
  writeFileSync(script, `#!/bin/sh\nexec ${host.wrapper.join(" ")} "${chromiumPath ?? ""}" "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}
