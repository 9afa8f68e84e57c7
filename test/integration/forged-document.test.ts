// A member that makes another node believe that it lost something of its own document.
import type { NodeId } from "@pi-controller/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeOf } from "../support/acts.ts";
import { forgeWriting } from "../support/forged-writing.ts";
import { Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import { clientOf, drive, levelOf, reserveOutput, tokenOf } from "../support/pins.ts";
import { copyCard, Rogue, readCard } from "../support/stolen-card.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
let victim: PeerProcess;
let victimNode: NodeId;

beforeAll(async () => {
  const [one, other] = await startMesh(cleanup, 2, { meshName: "forged-document" });
  if (one === undefined || other === undefined) throw new Error("Two were started");
  victim = one;
  victimNode = await nodeOf(victim);
  const client = clientOf(victim);
  // So that the other one holds the document that it goes on with.
  const first = await reserveOutput(client, victimNode, "GPIO4", { ttlMs: null });
  const isKnown = async () => (await clientOf(other).gpio.get(first.id)).id === first.id;
  await waitFor("the other one knows of the grant", isKnown, { withinMs: 20_000 });
  await other.kill("SIGKILL");
  const directory = copyCard(cleanup, other);
  const { node, nodeName: _, gpio: __, position: ___, remainingMs: ____, observed: _____, ...record } = first;
  const forged = (ulid: string, changes: object) => {
    const id = `${first.id.slice(0, 9)}${ulid}`;
    const mode = { kind: "output", activeLow: false, drive: "push-pull", initial: "high" };
    const value = { ...record, requestKey: null, resource: "GPIO18", mode, ...changes, id };
    return { collection: "gpio-reservations", id, value };
  };
  const stop = { id: "forged", cause: "user", by: "admin", reason: "", since: new Date().toISOString() };
  await forgeWriting(directory, node, [
    forged("01K0000000FFFFFFFFFFFFFFFF", {}),
    forged(`7${"Z".repeat(25)}`, { resource: "GPIO19", token: "999999999999999.999999999999999" }),
    { collection: "gpio-stops", id: stop.id, value: stop },
    // What stands, in another one's name.
    {
      collection: "gpio-reservations",
      id: first.id,
      value: { ...record, requestKey: null, resource: "GPIO20" },
    },
  ]);
  const card = await readCard(cleanup, directory);
  await Rogue.start(cleanup, card, [{ node: victimNode, address: victim.meshAddress }]);
}, 90_000);
afterAll(() => cleanup.run());

describe("a node that is told that it lost something of its own document", () => {
  it("takes it, but has its pins do nothing that it did not write itself", async () => {
    await waitFor("what was forged is undone", () => victim.log.includes("is undone"), { withinMs: 30_000 });
    expect(victim.log).toContain("goes on from what others hold");
    const client = clientOf(victim);
    const { items } = await client.gpio.list();
    expect(items.map(({ resource }) => resource)).toEqual(["GPIO4"]);
    // Neither a stop, nor a token or an id that is too high, keeps it from going on.
    const pump = await reserveOutput(client, victimNode, "GPIO18");
    expect(await levelOf(client, pump)).toBe("low");
    await drive(client, pump, "high");
    expect(await levelOf(client, pump)).toBe("high");
    expect(tokenOf(pump)).toMatch(/^\d{1,3}\.\d{1,3}$/);
    expect(await client.gpio.stops()).toMatchObject({ mesh: [], nodes: [] });
  });
});
