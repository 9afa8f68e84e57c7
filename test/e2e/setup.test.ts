import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { randomPassword } from "../../scripts/mesh-setup.ts";
import { capabilities, skipWithout } from "../capabilities.ts";
import { expectFits, launchBrowser, logInOn, nodeRow, openPage } from "../support/browser.ts";
import { connectTls } from "../support/from-host.ts";
import { startOn } from "../support/hosts.ts";
import { Ethernet, type Host } from "../support/namespaces.ts";
import { Cleanup, type PeerProcess } from "../support/peer-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** What a person reads on the console of a peer that waits. */
function codeOnConsole(peer: PeerProcess): string {
  const [, code] = /"setupCode":"([^"]+)"/.exec(peer.log) ?? [];
  if (code === undefined) throw new Error(`${peer.name} shows no set-up code`);
  return code;
}

/** Where another machine finds the UI of a peer. */
function urlFromElsewhere(peer: PeerProcess, host: Host, scheme = "https"): string {
  return `${scheme}://${host.address}:${new URL(peer.url).port}`;
}

async function approve(page: Page, peer: PeerProcess, password: string, step: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: `Admit ${peer.name}?` }).waitFor();
  expect(await dialog.innerText()).toContain((await peer.session()).fingerprint);
  await dialog.getByLabel("Set-up code", { exact: true }).fill(codeOnConsole(peer));
  await dialog.getByLabel("Your password", { exact: true }).fill(password);
  await expectFits(page, `${step}-approve`);
  await dialog.getByRole("button", { name: "Approve", exact: true }).click();
  await dialog.getByRole("heading", { name: `${peer.name} is admitted` }).waitFor();
  await expectFits(page, `${step}-admitted`);
  await dialog.getByRole("button", { name: "Good" }).click();
}

describe.skipIf(skipWithout(capabilities.browser) || skipWithout(capabilities.namespaces))(
  "three Raspberry Pis with empty cards and a laptop",
  () => {
    it("become one mesh through the browser alone, over HTTPS, and the login works on each", async () => {
      const lan = new Ethernet();
      cleanup.add(() => lan.remove());
      const [hostA, hostB, hostC, laptop] = ["pi-a", "pi-b", "pi-c", "laptop"].map((name) =>
        lan.addHost(name),
      );
      if (!hostA || !hostB || !hostC || !laptop) throw new Error("There are four hosts");
      const password = randomPassword();
      const first = await startOn(cleanup, hostA, "pi-a");
      const browser = await launchBrowser(cleanup, laptop);

      // What a person types: no scheme, so that the browser asks by plain HTTP first.
      const { page, complaints } = await openPage(cleanup, browser, urlFromElsewhere(first, hostA, "http"));
      await page.getByRole("heading", { level: 1, name: "Set up pi-a" }).waitFor();
      expect(page.url()).toMatch(/^https:/);
      expect(await page.innerText("main")).toContain((await first.session()).fingerprint);
      await expectFits(page, "1-setup");
      await page.getByLabel("Set-up code", { exact: true }).fill(codeOnConsole(first).toLowerCase());
      await page.getByLabel("Your password", { exact: true }).fill(password);
      await page.getByLabel("Your password, again", { exact: true }).fill(password);
      await expectFits(page, "2-setup-filled");
      await page.getByRole("button", { name: "Make the mesh" }).click();
      await nodeRow(page, "pi-a").getByText("alive").waitFor();
      await expectFits(page, "3-alone");

      // One is seen by itself, the other is where multicast does not reach.
      const second = await startOn(cleanup, hostB, "pi-b");
      await page.getByRole("heading", { name: "A node waits to be admitted" }).waitFor();
      await expectFits(page, "4-pending");
      await page.getByRole("button", { name: "Approve pi-b" }).click();
      await approve(page, second, password, "5-seen");
      await nodeRow(page, "pi-b").getByText("alive").waitFor();

      const third = await startOn(cleanup, hostC, "pi-c", { flags: ["--no-mdns"] });
      const [, meshPort] = /\/tcp\/(\d+)/.exec(third.meshAddress) ?? [];
      await page.getByRole("button", { name: "Add a node" }).first().click();
      await expectFits(page, "6-add");
      await page.getByLabel("It is not listed?").fill(`${hostC.address}:${meshPort}`);
      await page.getByRole("button", { name: "Look it up" }).click();
      await approve(page, third, password, "7-looked-up");
      for (const name of ["pi-a", "pi-b", "pi-c"]) await nodeRow(page, name).getByText("alive").waitFor();
      await expectFits(page, "8-three");

      const elsewhere = await openPage(cleanup, browser, urlFromElsewhere(third, hostC));
      await expectFits(elsewhere.page, "9-login");
      await logInOn(elsewhere.page, { userName: "admin", password });
      for (const name of ["pi-a", "pi-b", "pi-c"]) {
        await nodeRow(elsewhere.page, name).getByText("alive").waitFor();
      }
      await elsewhere.page.goto(`${urlFromElsewhere(third, hostC)}/security/certificates`);
      await elsewhere.page.getByRole("table", { name: "Certificates" }).waitFor();
      await expectFits(elsewhere.page, "10-certificates");

      // The root that the UI hands out is the one that all three are to be trusted by.
      const downloading = elsewhere.page.waitForEvent("download");
      await elsewhere.page.getByRole("link", { name: "root.crt" }).click();
      const root = new X509Certificate(readFileSync(await (await downloading).path()));
      expect(await elsewhere.page.innerText("main")).toContain(root.fingerprint256);
      const ca = root.toString();
      for (const [peer, host] of [
        [first, hostA],
        [second, hostB],
        [third, hostC],
      ] as const) {
        const at = { host: host.address, port: Number(new URL(peer.url).port), ca };
        const trusted = { protocol: "TLSv1.3", problem: null };
        expect(await connectTls(laptop, at), `${peer.name} by address`).toMatchObject(trusted);
        const servername = `${peer.name}.local`;
        expect(await connectTls(laptop, { ...at, servername }), servername).toMatchObject(trusted);
        expect(await connectTls(laptop, { ...at, servername: "other.local" })).not.toMatchObject(trusted);
      }
      expect([...complaints, ...elsewhere.complaints]).toEqual([]);
    });
  },
);
