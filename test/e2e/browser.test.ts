import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { expectFits, launchBrowser, onPhone, openLoggedIn, nodeRow as row } from "../support/browser.ts";
import { allSee, Cleanup, startMesh } from "../support/peer-process.ts";

const ofAll = new Cleanup();
const cleanup = new Cleanup();
afterEach(() => cleanup.run());
afterAll(() => ofAll.run());

describe.skipIf(skipWithout(capabilities.browser))("the web UI", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser(ofAll);
  });

  it("shows all nodes as they come, fail and return, and lets one be renamed", async () => {
    const peers = await startMesh(cleanup, 3, { meshName: "browser-nodes" });
    const [first, , victim] = peers;
    if (first === undefined || victim === undefined) throw new Error("Three peers were started");
    const { page, complaints } = await openLoggedIn(cleanup, browser, first.url, first.access);
    for (const { name } of peers) await row(page, name).getByText("alive").waitFor();
    await row(page, "pi-b").getByText(/\d °C/).waitFor();

    await victim.kill("SIGKILL");
    await row(page, "pi-c").getByText("dead").waitFor();
    await row(page, "pi-c").getByText("unknown").first().waitFor();
    cleanup.peer(await victim.again());
    await row(page, "pi-c").getByText("alive").waitFor();

    await page.getByRole("link", { name: "pi-b", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "pi-b" }).waitFor();
    await page.getByRole("region", { name: "Measurements" }).getByRole("img").first().waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("kitchen");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: "kitchen" }).waitFor();
    await allSee([first], ["kitchen"], "alive", 5_000);

    await page.getByRole("link", { name: "Events", exact: true }).click();
    await page.getByRole("list", { name: "Events, newest first" }).getByText("kitchen").first().waitFor();
    expect(complaints).toEqual([]);
  });

  it("says when its peer is gone, offers another one, and goes on when it is back", async () => {
    const peers = await startMesh(cleanup, 2, { meshName: "browser-lost" });
    const [first, second] = peers;
    if (first === undefined || second === undefined) throw new Error("Two peers were started");
    const port = new URL(second.url).port;
    const { page, complaints } = await openLoggedIn(cleanup, browser, second.url, second.access);
    await row(page, "pi-a").getByText("alive").waitFor();
    await second.kill("SIGKILL");
    const banner = page.getByRole("region", { name: "Connection" });
    await banner.getByText("pi-b does not answer").waitFor();
    expect(await banner.getByRole("link", { name: "pi-a" }).getAttribute("href")).toContain(first.url);
    await row(page, "pi-a").getByText("was alive").waitFor();

    cleanup.peer(await second.again(["--port", port]));
    await banner.waitFor({ state: "detached" });
    await row(page, "pi-a").getByText("alive", { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("registers a machine and removes it, and tells what is wrong with an entry", async () => {
    const [peer] = await startMesh(cleanup, 1, { meshName: "browser-register" });
    if (peer === undefined) throw new Error("A peer was started");
    const { page, complaints } = await openLoggedIn(cleanup, browser, peer.url, peer.access);
    await page.getByRole("button", { name: "Register a machine" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Address", exact: true }).fill("127.1.0.77");
    await dialog.getByRole("textbox", { name: "MAC address (optional)" }).fill("nonsense");
    await dialog.getByRole("button", { name: "Register", exact: true }).click();
    await dialog.getByText(/expected a MAC address/).waitFor();
    await dialog.getByRole("textbox", { name: "MAC address (optional)" }).fill("");
    await dialog.getByRole("textbox", { name: "Name (optional)" }).fill("printer");
    await dialog.getByRole("button", { name: "Register", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "printer" }).waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove printer" }).click();
    await page.getByRole("table", { name: "Nodes" }).waitFor();
    await row(page, "printer").waitFor({ state: "detached" });
    // The browser reports the refused request itself.
    expect(complaints.filter((text) => !text.includes("400"))).toEqual([]);
  });

  it("fits a phone, in light and dark, on every page", async () => {
    const [peer] = await startMesh(cleanup, 1, { meshName: "browser-phone" });
    if (peer === undefined) throw new Error("A peer was started");
    const { page, complaints } = await openLoggedIn(cleanup, browser, peer.url, peer.access, onPhone);
    const { node } = await peer.mesh();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of ["", `nodes/${node}`, "events", "mesh", "security", "security/audit"]) {
        await page.goto(`${peer.url}/${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await expectFits(page, `${colorScheme}-${path.replace(`/${node}`, "").replace("/", "-") || "all"}`);
      }
    }
    expect(complaints).toEqual([]);
  });
});
