import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";

describe.skipIf(skipWithout(capabilities.browser))("the login page", () => {
  const cleanup = new Cleanup();
  let browser: Browser;
  let peer: PeerProcess;

  beforeAll(async () => {
    browser = await launchBrowser(cleanup);
    const [only] = await startMesh(cleanup, 1, { meshName: "home" });
    if (only === undefined) throw new Error("One peer was started");
    peer = only;
  });
  afterAll(() => cleanup.run());

  it("says why a login at a provider led nowhere, and takes the code out of the address", async () => {
    const { page, complaints } = await openPage(cleanup, browser, `${peer.url}/#oidc-error=UNIMPLEMENTED`);
    await page.getByRole("alert").getByText("No provider is set up on this node").waitFor();
    expect(page.url()).toBe(`${peer.url}/`);
    expect(complaints).toEqual([]);
  });
});
