// A member that runs other software than ours, as owner of pins and as one who asks for those of others.
import { readFileSync } from "node:fs";
import { Membership, openGate } from "@pi-controller/mesh";
import { selfReportSigner } from "@pi-controller/mesh/libp2p";
import { silentLogger, systemClock, systemRandom } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bearerOf, nodeOf, statusWith } from "../support/acts.ts";
import { allSee, Cleanup, type PeerProcess, startMesh } from "../support/peer-process.ts";
import { clientOf, codeOf, drive, reserveOutput, tokenOf } from "../support/pins.ts";
import { copyCard, Rogue, readCard } from "../support/stolen-card.ts";

const CALL = "gpio.call";
/** Of 2,000 requests, of which not 40 kB each may stay: what is garbage already is let go of later. */
const MAX_GROWTH_BYTES = 80 * 1024 * 1024;
const cleanup = new Cleanup();
let first: PeerProcess;
let second: PeerProcess;
let secondNode: NodeId;
let rogue: Rogue;
let rogueNode: NodeId;
/** What the rogue answers to the next requests for its pins. */
let answer: () => Uint8Array = () => encoded(null);
/** What it was sent. */
const heard: { readonly evidence: string; readonly operation: string }[] = [];

function encoded(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

beforeAll(async () => {
  const [one, other, victim] = await startMesh(cleanup, 3, { meshName: "hostile-pins" });
  if (one === undefined || other === undefined || victim === undefined) throw new Error("Three were started");
  [first, second] = [one, other];
  secondNode = await nodeOf(second);
  await victim.kill("SIGKILL");
  const card = await readCard(cleanup, copyCard(cleanup, victim));
  rogueNode = card.node;
  rogue = await Rogue.start(cleanup, card, [
    { node: await nodeOf(first), address: first.meshAddress },
    { node: secondNode, address: second.meshAddress },
  ]);
  const { network, gossip } = rogue.stranger;
  network.handle(CALL, async ({ payload }) => {
    heard.push(JSON.parse(new TextDecoder().decode(payload)) as (typeof heard)[number]);
    return answer();
  });
  const membership = new Membership(
    {
      network,
      gossip,
      gate: openGate,
      signer: selfReportSigner(card.privateKey),
      clock: systemClock(),
      random: systemRandom(),
      logger: silentLogger,
    },
    { bootEpoch: 1_000_000 },
  );
  await membership.start();
  cleanup.add(() => membership.stop());
  await rogue.connect();
  await allSee([first, second], ["pi-c"], "alive", 20_000);
}, 90_000);
afterAll(() => cleanup.run());

/** Resident memory of a process. */
function rssOf({ pid }: PeerProcess): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

/** Asks another node's owner as the rogue does. */
function call(evidence: string, operation: string, given: object): Promise<unknown> {
  const request = { operation, arguments: given, evidence, correlationId: "rogue-1", idempotencyKey: null };
  return rogue.stranger.network
    .request(secondNode, CALL, encoded(request), { timeoutMs: 5_000 })
    .then((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as unknown);
}

describe("a hostile owner", () => {
  it("gets a proof of who asks that is good for its own pins alone", async () => {
    heard.length = 0;
    expect(await codeOf(reserveOutput(clientOf(first), rogueNode, "GPIO18"))).toBe("UNAVAILABLE");
    const evidence = heard.find(({ operation }) => operation === "reserve")?.evidence ?? "";
    expect(evidence.split(".")).toHaveLength(3);
    // Neither at an API, nor at other nodes' pins, nor at their audit logs.
    for (const peer of [first, second]) expect(await statusWith(peer, bearerOf(evidence))).toBe(401);
    const request = { resource: "GPIO18", mode: { kind: "output" }, namespace: "default" };
    expect(await codeOf(call(evidence, "reserve", { request }))).toBe("UNAUTHENTICATED");
    const query = encoded({ jwt: evidence, query: {} });
    const audit = rogue.stranger.network.request(secondNode, "audit.query", query, { timeoutMs: 5_000 });
    expect(await codeOf(audit)).toBe("UNAUTHENTICATED");
  });

  it("is believed nothing that is of others' pins, nor too long, nor no answer", async () => {
    const client = clientOf(first);
    const pump = await reserveOutput(client, secondNode, "GPIO22");
    const { node: _, nodeName: __, gpio, position, remainingMs, observed, pending: ___, ...record } = pump;
    const stolen = { gpio, position, remainingMs, observed: observed.value, asOf: observed.asOf };
    const lies: readonly Uint8Array[] = [
      encoded({ ...stolen, record: { ...record, requestKey: null } }),
      encoded({ record: "x".repeat(3 * 1024 * 1024) }),
      encoded([]),
      new TextEncoder().encode("no JSON"),
      new Uint8Array(1_000),
    ];
    for (const lie of lies) {
      answer = () => lie;
      expect(await codeOf(reserveOutput(client, rogueNode, "GPIO18"))).toBe("UNAVAILABLE");
    }
    await drive(client, pump, "high");
    const { items } = await client.gpio.list();
    expect(items.map(({ node, resource }) => [node, resource])).toEqual([[secondNode, "GPIO22"]]);
    await client.gpio.release(pump.id, { token: tokenOf(pump) });
  });
});

describe("a hostile member that asks", () => {
  it("is refused whatever it makes up, keeps no other one from being served, and fills no memory", async () => {
    const client = clientOf(second);
    const pump = await reserveOutput(client, secondNode, "GPIO23");
    const { network } = rogue.stranger;
    const garbage = [
      encoded({}),
      encoded([]),
      new Uint8Array(70_000),
      new Uint8Array(5_000_000),
      encoded({
        operation: "write",
        arguments: { writes: [] },
        evidence: "a.b.c",
        correlationId: "x",
        idempotencyKey: null,
      }),
      encoded({
        operation: "write",
        arguments: { writes: [{ id: pump.id, token: tokenOf(pump), value: { level: "high" } }] },
        evidence: "a.b.c",
        correlationId: "rogue-1",
        idempotencyKey: null,
      }),
    ];
    const codes = new Set<string>();
    for (let round = 0; round < 40; round++) {
      const refused = await Promise.all(
        garbage
          .slice(0, round % 10 === 0 ? garbage.length : 3)
          .map((payload) => codeOf(network.request(secondNode, CALL, payload, { timeoutMs: 5_000 }))),
      );
      for (const code of refused) codes.add(code ?? "done");
    }
    expect([...codes].toSorted()).toEqual(["INVALID_ARGUMENT", "UNAUTHENTICATED"]);
    const before = rssOf(second);
    const sinceMs = performance.now();
    const flood = Promise.allSettled(
      Array.from({ length: 2_000 }, () =>
        network.request(secondNode, CALL, garbage[4] ?? encoded({}), { timeoutMs: 5_000 }),
      ),
    );
    expect((await drive(client, pump, "high")).observed.value?.level).toBe("high");
    expect(performance.now() - sinceMs).toBeLessThan(3_000);
    await flood;
    expect(rssOf(second) - before).toBeLessThan(MAX_GROWTH_BYTES);
    // What it has shown counts against it alone: others' users are heard.
    const far = await reserveOutput(clientOf(first), secondNode, "GPIO24");
    expect(far.state).toBe("granted");
  });
});
