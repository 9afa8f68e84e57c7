import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { expectAccessible } from "../support/accessibility.ts";
import { expectFits, launchBrowser, onPhone, openLoggedIn, type TestPage } from "../support/browser.ts";
import { Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import {
  clientOf,
  codeOf,
  drive,
  levelOf,
  reserveInput,
  reserveOutput,
  simulate,
  tokenOf,
} from "../support/pins.ts";
import { waitFor } from "../support/wait.ts";

const ofAll = new Cleanup();
const cleanup = new Cleanup();
afterEach(() => cleanup.run());
afterAll(() => ofAll.run());

/** The browser reports each request that a peer refuses; what the page makes of it is what is looked at here. */
const REFUSED = /status of (400|409|412|429)/;

describe.skipIf(skipWithout(capabilities.browser))("pins in the web UI", () => {
  let browser: Browser;
  let first: PeerProcess;
  let second: PeerProcess;
  const opened: TestPage[] = [];
  beforeAll(async () => {
    browser = await launchBrowser(ofAll);
    const peers = await startMesh(ofAll, 2, { meshName: "pins-ui" });
    [first, second] = peers as [PeerProcess, PeerProcess];
  });
  afterEach(() => {
    const complaints = opened.splice(0).flatMap((page) => page.complaints);
    expect(complaints.filter((text) => !REFUSED.test(text))).toEqual([]);
  });

  const visit = async (peer: PeerProcess, path: string, viewport?: typeof onPhone): Promise<Page> => {
    const visited = await openLoggedIn(cleanup, browser, `${peer.url}${path}`, first.access, viewport);
    opened.push(visited);
    return visited.page;
  };
  const idOf = async (peer: PeerProcess) => (await peer.mesh()).node;
  const headerOf = (node: string) => `/pins?node=${node}`;
  const pin = (page: Page, name: string) => page.getByRole("button", { name: new RegExp(`^${name}\\b`) });
  const emergency = (page: Page) => page.getByRole("region", { name: "Emergency stop" });

  /** Reserves a pin on the page that shows it. */
  const reserve = async (
    page: Page,
    resource: string,
    { choices = {}, texts = {} }: { choices?: Record<string, string>; texts?: Record<string, string> },
  ) => {
    await pin(page, resource).click();
    await page.getByRole("button", { name: `Reserve ${resource}` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("More:").click();
    for (const [label, choice] of Object.entries(choices)) {
      await dialog.getByLabel(label, { exact: true }).selectOption(choice);
    }
    for (const [label, text] of Object.entries(texts)) {
      await dialog.getByLabel(label, { exact: true }).fill(text);
    }
    await dialog.getByRole("button", { name: "Reserve", exact: true }).click();
    return dialog;
  };

  it("reserves a pin of another node, drives it, and shows the wired input change with the kernel's stamp", async () => {
    simulate(second, ["wire GPIO17 GPIO27"]);
    const page = await visit(first, headerOf(await idOf(second)));
    await page.getByText("live", { exact: true }).waitFor();
    const dialog = await reserve(page, "GPIO27", { choices: { "Use it as": "input", "Hold it": "forever" } });
    await dialog.waitFor({ state: "detached" });
    await pin(page, "GPIO27").filter({ hasText: "low" }).waitFor();

    await reserve(page, "GPIO17", { texts: { "Name (optional)": "Garden Pump", "Lease, in ms": "10" } });
    await dialog.getByText("expected a name: 1 to 63").waitFor();
    await dialog.getByText("expected number to be >=500").waitFor();
    await expectFits(page, "pins-reserve-wrong");
    await expectAccessible(page, "the form with problems");
    await dialog.getByLabel("Name (optional)", { exact: true }).fill("garden-pump");
    await dialog.getByLabel("Lease, in ms", { exact: true }).fill("30000");
    await dialog.getByRole("button", { name: "Reserve", exact: true }).click();
    await page.getByText("This page renews the lease while it is open.").waitFor();

    await page.getByRole("button", { name: "High", exact: true }).click();
    await pin(page, "GPIO17").filter({ hasText: "high" }).waitFor();
    await pin(page, "GPIO27").filter({ hasText: "high" }).waitFor();
    await page.getByRole("button", { name: "Low", exact: true }).click();
    await pin(page, "GPIO27").filter({ hasText: "low" }).waitFor();
    const changes = page.getByRole("region", { name: "Changes at the pins" });
    await changes
      .getByRole("listitem")
      .filter({ hasText: /GPIO27\s+low\s+edge\s+\d+\.\d{6} s/ })
      .first()
      .waitFor();
    await expectFits(page, "pins-held");
    await expectAccessible(page, "a pin that is driven");

    // Who looks at it from another peer sees the same.
    const other = await visit(second, "/pins/reservations");
    await other
      .getByRole("row")
      .filter({ hasText: "garden-pump" })
      .getByText("low", { exact: true })
      .waitFor();
    await expectFits(other, "pins-reservations");
    await expectAccessible(other, "the reservations");
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await page.getByText("Nobody holds it.").waitFor();
    await other.getByRole("row").filter({ hasText: "garden-pump" }).waitFor({ state: "detached" });
  });

  it("holds a lease while the page is open and no longer, and then does at the pin what was agreed", async () => {
    const client = clientOf(first);
    const node = await idOf(second);
    simulate(second, ["wire GPIO22 GPIO26"]);
    const wired = await reserveInput(client, node, "GPIO26");
    const page = await visit(first, headerOf(node));
    const dialog = await reserve(page, "GPIO22", {
      texts: { "Lease, in ms": "1500" },
      choices: { "When it ends, the pin becomes": "high" },
    });
    await dialog.waitFor({ state: "detached" });
    const granted = async () => (await client.gpio.list({ node, resource: "GPIO22" })).items;
    const [held] = await granted();
    if (held === undefined) throw new Error("GPIO22 was reserved");
    // On whatever page of the application that is.
    await page.getByRole("link", { name: "Events", exact: true }).click();
    const since = performance.now();
    await waitFor("three terms are over", async () => performance.now() - since > 4_500, { withinMs: 6_000 });
    expect((await granted()).map(({ id }) => id)).toEqual([held.id]);
    expect(await levelOf(client, wired)).toBe("low");

    await page.close();
    await waitFor("the lease is over", async () => (await granted()).length === 0, { withinMs: 5_000 });
    expect(await levelOf(client, wired)).toBe("high");
    await client.gpio.release(wired.id, { token: tokenOf(wired) });
  });

  it("renews the lease of a program when it is told to, and says when that was lost", async () => {
    const client = clientOf(second);
    const node = await idOf(second);
    // The page is of the same user; it could as well have been loaded anew.
    const program = await reserveOutput(client, node, "GPIO23", { ttlMs: 15_000, name: "of-a-program" });
    const page = await visit(first, `${headerOf(node)}&resource=GPIO23`);
    await page.getByText("This page does not renew the lease.").waitFor();
    await page.getByRole("button", { name: "Renew it while this page is open" }).click();
    await page.getByText("This page renews the lease while it is open.").waitFor();
    await client.gpio.release(program.id, { token: tokenOf(program) });
    await page.getByText("Nobody holds it.").waitFor();
    await page.getByRole("alert").filter({ hasText: "You do not hold GPIO23" }).waitFor();
    await expectFits(page, "pins-lost");
    await expectAccessible(page, "a lease that was lost");
  });

  it("stops all outputs on every page, says who and why, and lets them be driven again once it is cleared", async () => {
    const client = clientOf(first);
    const node = await idOf(second);
    const pump = await reserveOutput(client, node, "GPIO24", { onExpire: "low", ttlMs: null });
    await drive(client, pump, "high");
    const page = await visit(first, `${headerOf(node)}&resource=GPIO24`);
    const other = await visit(second, "/events");
    await page.getByRole("button", { name: /^Stop all/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason (optional)").fill("water on the floor");
    await expectAccessible(page, "the question whether to stop");
    await dialog.getByRole("button", { name: "Stop all nodes" }).click();
    for (const shown of [page, other]) {
      await emergency(shown).getByText("water on the floor").waitFor();
      await shown.getByRole("alert").filter({ hasText: "Emergency stop of all nodes by admin" }).waitFor();
    }
    await expectFits(other, "stopped");
    await expectAccessible(other, "a stop");
    await page.getByText("An emergency stop holds it in its safe state").waitFor();
    expect(await page.getByRole("button", { name: "High", exact: true }).isDisabled()).toBe(true);
    expect(await levelOf(client, pump)).toBe("low");
    expect(await codeOf(drive(client, pump, "high"))).toBe("FAILED_PRECONDITION");

    await emergency(other).getByRole("button", { name: "Clear for all nodes" }).click();
    await other.getByRole("dialog").getByRole("button", { name: "Clear it" }).click();
    for (const shown of [page, other]) await emergency(shown).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "High", exact: true }).and(page.locator(":enabled")).click();
    await pin(page, "GPIO24").filter({ hasText: "high" }).waitFor();
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await page.getByText("Nobody holds it.").waitFor();
  });

  it("limits what a namespace may hold, shows what of it is used, and says so where a pin is refused", async () => {
    const page = await visit(first, "/pins/limits");
    await page.getByRole("button", { name: "New quota" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Namespace", { exact: true }).fill("garden");
    await dialog.getByLabel("Pins", { exact: true }).fill("1");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("row").filter({ hasText: "garden" }).getByText("0 of 1", { exact: true }).waitFor();

    await page.getByRole("link", { name: "Header", exact: true }).click();
    await reserve(page, "GPIO5", { texts: { Namespace: "garden" } });
    await dialog.waitFor({ state: "detached" });
    await reserve(page, "GPIO6", { texts: { Namespace: "garden" } });
    await dialog.getByText("The quota pins of namespace garden does not allow it").waitFor();
    await expectFits(page, "pins-over-quota");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("link", { name: "Limits", exact: true }).click();
    await page.getByRole("row").filter({ hasText: "garden" }).getByText("1 of 1", { exact: true }).waitFor();
    await expectFits(page, "pins-limits");
    await expectAccessible(page, "the limits");
    await page.getByRole("button", { name: "Remove the quota of garden" }).click();
    await dialog.getByRole("button", { name: "Remove it" }).click();
    await page.getByText("No namespace is limited.").waitFor();
  });

  it("scans an I2C bus, and talks to a device that was reserved", async () => {
    const node = await idOf(first);
    const page = await visit(first, headerOf(node));
    await page.getByRole("button", { name: "Scan bus 1" }).click();
    await page.getByRole("button", { name: /^i2c-1:0x48/ }).click();
    await page.getByRole("button", { name: "Reserve i2c-1:0x48" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Reserve", exact: true }).click();
    await page.getByLabel("Transaction", { exact: true }).selectOption("write-register");
    await page.getByLabel("Register, in hexadecimal").fill("01");
    await page.getByLabel("Bytes, in hexadecimal").fill("zz");
    await page.getByRole("button", { name: "Do it" }).click();
    await page.getByText("expected bytes in hexadecimal").waitFor();
    await page.getByLabel("Bytes, in hexadecimal").fill("60");
    await page.getByRole("button", { name: "Do it" }).click();
    const answers = page.getByRole("list", { name: "Answers, newest first" });
    await answers.getByText("wrote 1 to 0x01").waitFor();
    await page.getByLabel("Transaction", { exact: true }).selectOption("read-register");
    await page.getByRole("button", { name: "Do it" }).click();
    await answers.getByRole("listitem").filter({ hasText: "read 1 from 0x01" }).getByText("60").waitFor();
    await expectFits(page, "pins-i2c");
    await expectAccessible(page, "a bus");
  });

  it("walks over the header with the arrow keys, and shows what a pin can", async () => {
    const page = await visit(first, headerOf(await idOf(first)));
    await pin(page, "GPIO4").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator(":focus").innerText()).toMatch(/^GPIO18\b/);
    await page.getByText(/^GPIO18, pin 12: .*PWM/).waitFor();
    await page.keyboard.press("Enter");
    await page
      .getByRole("region", { name: "Details of GPIO18" })
      .getByText(/^hardware/)
      .waitFor();
    expect(new URL(page.url()).searchParams.get("resource")).toBe("GPIO18");
  });

  it("fits a phone and can be read by everybody, in light and dark", async () => {
    const node = await idOf(first);
    const page = await visit(first, "/pins", onPhone);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of [`${headerOf(node)}&resource=GPIO18`, "/pins/reservations", "/pins/limits"]) {
        await page.goto(`${first.url}${path}`);
        await page.getByRole("heading", { level: 2 }).first().waitFor();
        await expectFits(page, `${colorScheme}-${path.split("?")[0]?.slice(1).replace("/", "-")}`);
        await expectAccessible(page, `${path} on a phone in ${colorScheme}`);
      }
    }
  });

  it("shows a monitor everything and offers nothing that would be refused", async () => {
    const ann = { userName: "ann", password: "ann waters seven violet ferns" };
    const { password } = first.access;
    await clientOf(first).users.create(
      { name: ann.userName, roles: ["monitor"], newPassword: ann.password, password },
      { timeoutMs: 60_000 },
    );
    const client = clientOf(first);
    const node = await idOf(first);
    const pump = await reserveOutput(client, node, "GPIO12", { ttlMs: null, name: "pump" });
    const visited = await openLoggedIn(
      cleanup,
      browser,
      `${first.url}${headerOf(node)}&resource=GPIO12`,
      ann,
    );
    opened.push(visited);
    const { page } = visited;
    const details = page.getByRole("region", { name: "Details of GPIO12" });
    await details.getByText("pump").waitFor();
    expect(await details.getByRole("button").count()).toBe(0);
    for (const name of [/^Stop/, /^Scan/, /^Reserve/, /^Wait/]) {
      expect(await page.getByRole("button", { name }).count(), String(name)).toBe(0);
    }
    await drive(client, pump, "high");
    await pin(page, "GPIO12").filter({ hasText: "high" }).waitFor();
    await expectFits(page, "pins-monitor");
    await page.getByRole("link", { name: "Limits", exact: true }).click();
    await page.getByRole("region", { name: "Safety policy" }).getByText("Low voltage").waitFor();
    expect(await page.getByRole("main").getByRole("button").count()).toBe(0);
    await expectFits(page, "pins-monitor-limits");
    await expectAccessible(page, "the limits as a monitor sees them");
    await client.gpio.release(pump.id, { token: tokenOf(pump) });
  });

  it("says why a board has no GPIO, and what would change that", async () => {
    const flags = ["--board", "auto", "--gpio-driver", "gpiod", "--gpio-chip", "no-such-chip"];
    const [peer] = await startMesh(cleanup, 1, { meshName: "pins-without", flags });
    if (peer === undefined) throw new Error("A peer was started");
    const visited = await openLoggedIn(cleanup, browser, `${peer.url}/pins`, peer.access);
    opened.push(visited);
    await visited.page.getByText("pi-a cannot use GPIO.").waitFor();
    await expectFits(visited.page, "pins-without-gpio");
    await expectAccessible(visited.page, "a board without GPIO");
  });

  it("shows what is at the pins of a node that does not answer as unknown, and keeps what is set for it", async () => {
    const client = clientOf(first);
    const node = await idOf(second);
    const lamp = await reserveOutput(client, node, "GPIO25", { ttlMs: null, name: "lamp" });
    await drive(client, lamp, "high");
    const page = await visit(first, `${headerOf(node)}&resource=GPIO25`);
    await pin(page, "GPIO25").filter({ hasText: "high" }).waitFor();
    await second.kill("SIGKILL");
    await page.getByText("pi-b does not answer.").waitFor();
    await pin(page, "GPIO25").filter({ hasText: "unknown, last high" }).waitFor();
    await page.getByRole("button", { name: "Low", exact: true }).click();
    await page.getByText("Not yet applied").waitFor();
    await expectFits(page, "pins-away");
    await expectAccessible(page, "a node that does not answer");

    second = await second.again();
    ofAll.peer(second);
    await pin(page, "GPIO25").filter({ hasText: "low", hasNotText: "unknown" }).waitFor({ timeout: 30_000 });
    await page.getByText("Not yet applied").waitFor({ state: "detached" });
    expect(await levelOf(client, lamp)).toBe("low");
  });
});
