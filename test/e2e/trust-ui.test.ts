import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import {
  expectFits,
  launchBrowser,
  logInOn,
  nodeRow,
  openLoggedIn,
  openPage,
  type TestPage,
} from "../support/browser.ts";
import { Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const ofAll = new Cleanup();
const cleanup = new Cleanup();
afterEach(() => cleanup.run());
afterAll(() => ofAll.run());

/** The browser reports each request that a peer refuses; what the page makes of it is what is looked at here. */
const REFUSED = /status of (401|403|429)/;

describe.skipIf(skipWithout(capabilities.browser))("trust in the web UI", () => {
  let browser: Browser;
  let first: PeerProcess;
  let second: PeerProcess;
  let third: PeerProcess;
  const opened: TestPage[] = [];
  beforeAll(async () => {
    browser = await launchBrowser(ofAll);
    const peers = await startMesh(ofAll, 3, { meshName: "trust-ui" });
    [first, second, third] = peers as [PeerProcess, PeerProcess, PeerProcess];
  });
  afterEach(() => {
    const complaints = opened.splice(0).flatMap((page) => page.complaints);
    expect(complaints.filter((text) => !REFUSED.test(text))).toEqual([]);
  });

  const visit = async (peer: PeerProcess, path = ""): Promise<Page> => {
    const visited = await openPage(cleanup, browser, `${peer.url}${path}`);
    opened.push(visited);
    return visited.page;
  };
  const visitAs = async (
    person: { readonly userName: string; readonly password: string },
    peer: PeerProcess,
    path = "",
  ): Promise<Page> => {
    const visited = await openLoggedIn(cleanup, browser, `${peer.url}${path}`, person);
    opened.push(visited);
    return visited.page;
  };
  const visitAsAdmin = (peer: PeerProcess, path = "") => visitAs(first.access, peer, path);

  /** Fills in the acting admin's own password and sends the form of a dialog. */
  const confirm = async (dialog: Locator, action: string) => {
    await dialog.getByLabel("Your password", { exact: true }).fill(first.access.password);
    await dialog.getByRole("button", { name: action, exact: true }).click();
  };
  const rowWith = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });

  /** Makes a user through the UI. */
  const makeUser = async (admin: Page, userName: string, role: string) => {
    const password = `${userName} waters seven violet ferns`;
    await admin.goto(`${first.url}/security/users`);
    await admin.getByRole("button", { name: "New user" }).click();
    const dialog = admin.getByRole("dialog");
    await dialog.getByLabel("User name", { exact: true }).fill(userName);
    const chosen = dialog.getByRole("group", { name: "Roles" });
    // Its name goes on with what the role is for.
    const boxOf = (name: string) => chosen.getByRole("checkbox", { name: new RegExp(`^${name}\\b`) });
    await boxOf("monitor").uncheck();
    await boxOf(role).check();
    await dialog.getByLabel("First password", { exact: true }).fill(password);
    await dialog.getByLabel("First password, again", { exact: true }).fill(password);
    await expectFits(admin, `user-new-${userName}`);
    await confirm(dialog, "Make the user");
    await dialog.waitFor({ state: "detached" });
    await rowWith(admin, userName).getByText("may log in").waitFor();
    return { userName, password };
  };

  it("takes the right password alone, and makes who guesses wait", async () => {
    const page = await visit(first, "/events");
    const guess = async (password: string) => {
      await page.getByLabel("User name", { exact: true }).fill("mallory");
      await page.getByLabel("Password", { exact: true }).fill(password);
      await page.getByRole("button", { name: "Log in", exact: true }).click();
    };
    await guess("not the password");
    await page.getByText("The user name or the password is wrong").first().waitFor();
    await expectFits(page, "login-wrong");
    // As often as nothing is asked for it.
    for (let tries = 0; tries < 6; tries++) {
      if (await page.getByText("Try again in").isVisible()) break;
      await guess(`guess number ${tries}`);
      await page
        .getByRole("button", { name: "Log in", exact: true })
        .and(page.locator(":enabled"))
        .or(page.getByText("Try again in"))
        .first()
        .waitFor();
    }
    await page.getByText("Try again in").waitFor();
    expect(await page.getByRole("button", { name: "Log in", exact: true }).isDisabled()).toBe(true);
    await expectFits(page, "login-locked");
    await page.getByText("Try again in").waitFor({ state: "detached" });

    await logInOn(page, first.access);
    // It is the page that was asked for.
    await page.getByRole("heading", { level: 1, name: "Events" }).waitFor();
    await page.getByRole("button", { name: "admin" }).click();
    await expectFits(page, "user-menu");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("You are logged out.").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Log in", exact: true }).waitFor();
  });

  it("lists sessions, and ends one in another browser", async () => {
    const here = await visitAsAdmin(first, "/security/sessions");
    const there = await visitAsAdmin(first);
    await nodeRow(there, "pi-b").getByText("alive").waitFor();
    await here.reload();
    const others = here.getByRole("button", { name: /^End the session of admin/ }).filter({ hasText: "End" });
    await others.first().waitFor();
    await expectFits(here, "sessions");
    await others.first().click();
    await others.first().waitFor({ state: "detached" });
    await there.getByText("Your session has ended.").waitFor();
    await expectFits(there, "session-ended");
    expect(await here.getByText("this one").isVisible()).toBe(true);
  });

  it("makes users: a monitor sees all and changes nothing, and is out at once when disabled", async () => {
    const admin = await visitAsAdmin(first);
    const ann = await makeUser(admin, "ann", "monitor");
    await expectFits(admin, "users");
    // On another node than the one she was made on.
    const page = await visitAs(ann, second);
    await nodeRow(page, "pi-a").getByText("alive").waitFor();
    for (const name of ["Add a node", "Register a machine"]) {
      expect(await page.getByRole("button", { name }).count(), name).toBe(0);
    }
    await page.getByRole("link", { name: "pi-a", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "pi-a" }).waitFor();
    await page.getByRole("region", { name: "Measurements" }).waitFor();
    for (const name of ["Edit", "Revoke", "Remove"]) {
      expect(await page.getByRole("button", { name }).count(), name).toBe(0);
    }
    await page.goto(`${second.url}/security`);
    const tabs = page.getByRole("navigation", { name: "Security" });
    await tabs.waitFor();
    expect(await tabs.innerText()).not.toMatch(/Join tokens|Users|Roles|Audit/);
    await expectFits(page, "monitor-security");
    await page.goto(`${second.url}/security/users`);
    await page.getByText("You may not see this").waitFor();
    // What is not shown is refused, too.
    const refused = await page.evaluate(
      `fetch("/api/v1/nodes", { method: "POST", headers: { "content-type": "application/json" },
         body: JSON.stringify({ address: "10.1.2.3" }) }).then((answer) => answer.status)`,
    );
    expect(refused).toBe(403);

    await rowWith(admin, "ann").getByRole("button", { name: "Change ann" }).click();
    const dialog = admin.getByRole("dialog");
    await dialog.getByLabel("Login", { exact: true }).selectOption("disabled");
    await expectFits(admin, "user-change");
    await confirm(dialog, "Save");
    await rowWith(admin, "ann").getByText("disabled").waitFor();
    await page.getByText("Your session has ended.").waitFor();
    await page.getByLabel("User name", { exact: true }).fill(ann.userName);
    await page.getByLabel("Password", { exact: true }).fill(ann.password);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.getByText(/wrong/i).first().waitFor();
  });

  it("makes a role that allows one thing, and shows its user that alone", async () => {
    const admin = await visitAsAdmin(first, "/security/roles");
    await admin.getByRole("button", { name: "New role" }).click();
    const dialog = admin.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("gardener");
    const rule = dialog.getByRole("group", { name: "Rule 1" });
    for (const verb of ["get", "list", "update"]) {
      await rule.getByRole("group", { name: "May" }).getByLabel(verb, { exact: true }).check();
    }
    await rule.getByRole("group", { name: "with" }).getByLabel("nodes", { exact: true }).check();
    await expectFits(admin, "role-new");
    await confirm(dialog, "Save");
    await rowWith(admin, "gardener").waitFor();
    await expectFits(admin, "roles");

    const bob = await makeUser(admin, "bob", "gardener");
    const page = await visitAs(bob, first);
    await nodeRow(page, "pi-b").waitFor();
    expect(await page.getByRole("button", { name: "Register a machine" }).count()).toBe(0);
    expect(await page.getByRole("navigation", { name: "Pages" }).innerText()).not.toMatch(/Events|Mesh/);
    await page.getByRole("link", { name: "pi-b", exact: true }).click();
    await page.getByRole("button", { name: "Edit" }).waitFor();
    expect(await page.getByRole("button", { name: "Revoke" }).count()).toBe(0);
    await expectFits(page, "gardener-node");
  });

  it("shows a join token this one time", async () => {
    const page = await visitAsAdmin(first, "/security/join-tokens");
    await page.getByRole("button", { name: "New join token" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Label (optional)").fill("greenhouse");
    await dialog.getByLabel("How many nodes may join with it").fill("2");
    await confirm(dialog, "Make it");
    const token = await dialog.getByLabel("Join token", { exact: true }).inputValue();
    expect(token).toMatch(/^picjoin_/);
    await expectFits(page, "join-token");
    // Escape would lose it for good.
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(true);
    await dialog.getByRole("button", { name: "I have put it away" }).click();
    await rowWith(page, "greenhouse").getByText("0 of 2").waitFor();
    await page.reload();
    await rowWith(page, "greenhouse").waitFor();
    const [, , , secret = ""] = token.split("_");
    expect(secret).not.toBe("");
    expect(await page.content()).not.toContain(secret);
    await expectFits(page, "join-tokens");
  });

  it("shows an API token this one time, which opens every node until it is revoked", async () => {
    const page = await visitAsAdmin(first, "/security/api-tokens");
    await page.getByRole("button", { name: "New API token" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("backup");
    await confirm(dialog, "Make it");
    const token = await dialog.getByLabel("API token", { exact: true }).inputValue();
    await expectFits(page, "api-token");
    await dialog.getByRole("button", { name: "I have put it away" }).click();
    await page.reload();
    await rowWith(page, "backup").waitFor();
    expect(await page.content()).not.toContain(token.split("_")[2] ?? token);
    await expectFits(page, "api-tokens");

    const headers = { authorization: `Bearer ${token}` };
    const statusAt = async (peer: PeerProcess) =>
      (await fetch(`${peer.url}/api/v1/nodes`, { headers })).status;
    for (const peer of [first, second]) {
      await waitFor(`${peer.name} knows the token`, async () => (await statusAt(peer)) === 200, {
        withinMs: 5_000,
      });
    }
    await rowWith(page, "backup").getByRole("button", { name: "Revoke backup" }).click();
    await confirm(dialog, "Revoke it");
    for (const peer of [first, second]) {
      await waitFor(`${peer.name} refuses it`, async () => (await statusAt(peer)) === 401, {
        withinMs: 5_000,
      });
    }
  });

  it("shows the certificates, renews one, and hands out the root", async () => {
    const page = await visitAsAdmin(first, "/security/certificates");
    const leaf = rowWith(page, "Server certificate of pi-a");
    const before = await leaf.innerText();
    await page.getByRole("button", { name: "Renew that of pi-a" }).click();
    await waitFor("another certificate is shown", async () => (await leaf.innerText()) !== before, {
      withinMs: 10_000,
    });
    const downloading = page.waitForEvent("download");
    await page.getByRole("link", { name: "root.pem" }).click();
    const download = await downloading;
    const root = new X509Certificate(readFileSync(await download.path()));
    expect(root.ca).toBe(true);
    expect(await page.innerText("main")).toContain(root.fingerprint256);
    await expectFits(page, "certificates");
  });

  it("shows who did what, on this node and on another one", async () => {
    const page = await visitAsAdmin(first, "/security/audit");
    const records = page.getByRole("table", { name: "Audit records, newest first" });
    await records.getByText("gardener").first().waitFor();
    expect(await records.innerText()).not.toContain(first.access.password);
    await page.getByText("chain whole").waitFor();
    await expectFits(page, "audit");
    await page.getByLabel("Outcome").selectOption("denied");
    await records.getByText("RESOURCE_EXHAUSTED").first().waitFor();
    // A name that no user has may be a password in the wrong field.
    expect(await records.innerText()).not.toContain("mallory");

    await page.getByLabel("Outcome").selectOption("");
    await page.getByRole("combobox", { name: /^Node/ }).selectOption({ label: "pi-b" });
    await page.getByText("Log of pi-b").waitFor();
    await records.getByText("ann").first().waitFor();
    await expectFits(page, "audit-of-another");
  });

  it("revokes a node, and then the one that the page comes from", async () => {
    const page = await visitAsAdmin(second);
    await page.getByRole("link", { name: "pi-c", exact: true }).click();
    await page.getByRole("button", { name: "Revoke" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Revoke a node that was stolen, sold or taken over.").waitFor();
    await dialog.getByLabel("Your password", { exact: true }).fill(first.access.password);
    const send = dialog.getByRole("button", { name: "Revoke pi-c" });
    expect(await send.isDisabled()).toBe(true);
    await dialog.getByLabel("Type pi-c to confirm").fill("pi-c");
    await expectFits(page, "revoke");
    await send.click();
    await page.getByRole("table", { name: "Nodes" }).waitFor();
    await nodeRow(page, "pi-c").waitFor({ state: "detached" });
    // It was told, has forgotten everything, and belongs to nobody.
    await waitFor("pi-c waits to be set up", async () => (await third.session()).state === "unclaimed", {
      withinMs: 15_000,
    });

    await page.getByRole("link", { name: "pi-b", exact: true }).click();
    await page.getByRole("button", { name: "Revoke" }).click();
    await dialog.getByText("This page comes from pi-b itself.").waitFor();
    await dialog.getByLabel("Type pi-b to confirm").fill("pi-b");
    await expectFits(page, "revoke-oneself");
    await confirm(dialog, "Revoke pi-b");
    await page.getByRole("heading", { name: "pi-b was revoked" }).waitFor();
    await expectFits(page, "revoked-oneself");
    await page.getByRole("link", { name: "pi-a" }).click();
    await logInOn(page, first.access);
    await nodeRow(page, "pi-a").getByText("alive").waitFor();
    expect(await page.getByRole("link", { name: "pi-b", exact: true }).count()).toBe(0);
  });

  it("lets the last node leave after a warning, which then waits to be set up again", async () => {
    const page = await visitAsAdmin(first, "/mesh");
    await page.getByRole("button", { name: "Leave the mesh" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("It is the only node.").waitFor();
    await dialog.getByLabel("Type pi-a to confirm").fill("pi-a");
    await expectFits(page, "leave");
    await confirm(dialog, "pi-a leaves");
    await page.getByRole("heading", { name: "pi-a has left the mesh" }).waitFor();
    await expectFits(page, "left");
    await waitFor("pi-a waits to be set up", async () => (await first.session()).state === "unclaimed", {
      withinMs: 15_000,
    });
    await page.getByRole("button", { name: "Open this node’s set-up page" }).click();
    await page.getByRole("heading", { name: "Set up pi-a" }).waitFor();
    // What opened the old mesh opens nothing here.
    const headers = { authorization: `Bearer ${first.access.apiToken}` };
    expect((await fetch(`${first.url}/api/v1/nodes`, { headers })).status).not.toBe(200);
  });
});
