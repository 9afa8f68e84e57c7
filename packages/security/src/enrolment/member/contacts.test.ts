import type { Network } from "@pi-controller/mesh";
import { describe, expect, it } from "vitest";
import { DirectNetwork } from "../direct-network.fixture.ts";
import { Contacts } from "./contacts.ts";

const PENDING = "12D3KooWpending";
const target = { node: PENDING, addresses: ["/ip4/10.0.0.1/tcp/4101"] };

function counted(dialled: Partial<Awaited<ReturnType<Network["dial"]>>> = {}) {
  const counts = { open: 0, most: 0, opened: 0 };
  const contacts = new Contacts({
    async openPendingNetwork() {
      counts.opened++;
      counts.open++;
      counts.most = Math.max(counts.most, counts.open);
      const network = new DirectNetwork(PENDING).contact("12D3KooWcontact", "");
      return {
        ...network,
        dial: async () => ({ outcome: "connected", peer: PENDING, ...dialled }),
        stop: async () => void counts.open--,
      };
    },
  });
  return { contacts, counts };
}

describe("contacts with pending nodes", () => {
  it("are two at once, each over a network of its own that is closed after use", async () => {
    const { contacts, counts } = counted();
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) => contacts.reach(target, async () => index)),
    );
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(counts).toEqual({ open: 0, most: 2, opened: 10 });
  });

  it("turn away whoever comes when 32 wait", async () => {
    const { contacts } = counted();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, () => contacts.reach(target, async () => "reached")),
    );
    const refused = outcomes.filter(({ status }) => status === "rejected");
    expect(refused).toHaveLength(6);
    expect(refused[0]).toMatchObject({ reason: { code: "RESOURCE_EXHAUSTED" } });
  });

  it("are closed when the node cannot be reached, another one answers, or what is done fails", async () => {
    for (const dialled of [{ outcome: "refused" as const }, { peer: "12D3KooWanother" }]) {
      const { contacts, counts } = counted(dialled);
      await expect(contacts.reach(target, async () => "reached")).rejects.toMatchObject({
        code: "UNAVAILABLE",
      });
      expect(counts.open).toBe(0);
    }
    const { contacts, counts } = counted();
    await expect(contacts.reach(target, () => Promise.reject(new Error("it broke")))).rejects.toThrow(
      "it broke",
    );
    expect(counts.open).toBe(0);
    expect(await contacts.reach(target, async () => "reached")).toBe("reached");
  });
});
