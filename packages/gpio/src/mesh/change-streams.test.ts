import { type GpioStreamMessage, type GpioView, reservationRequestSchema } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChangeStream } from "../use-cases.ts";
import { type GpioMesh, nodeIdOf, startGpioMesh } from "./gpio-mesh.ts";
import { askingOf } from "./test-users.ts";

const PINS = [5, 6, 12, 13, 16, 17, 22, 23];
const SQUARE_HZ = 62.5;

let mesh: GpioMesh;
let buttons: GpioView[];
const streams: ChangeStream[] = [];

/** Three nodes, of which the second one has inputs that report every edge. */
beforeEach(async () => {
  mesh = await startGpioMesh({ nodes: 3 });
  buttons = [];
  for (const pin of PINS) {
    const mode = { kind: "input", edges: "both" };
    const request = { node: nodeIdOf(1), resource: `GPIO${pin}`, mode, ttlMs: null };
    const asked = reservationRequestSchema.parse({ ...request, namespace: pin === 5 ? "plant" : "home" });
    buttons.push(await mesh.finish(mesh.peer(0).gpio.reserve(asked, askingOf())));
  }
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await mesh.dispose();
});

function follow(at: number, query: object = { node: nodeIdOf(1) }, name = "mona") {
  const messages: GpioStreamMessage[] = [];
  const stream = mesh.peer(at).gpio.follow(
    query,
    askingOf(name),
    (message) => {
      messages.push(message);
      return true;
    },
    () => () => undefined,
  );
  streams.push(stream);
  const changes = () => messages.flatMap((message) => (message.kind === "changes" ? message.changes : []));
  const coalesced = () =>
    messages.reduce((sum, message) => sum + (message.kind === "changes" ? message.coalesced : 0), 0);
  return { messages, stream, changes, coalesced };
}

function squares(frequencyHz: number): void {
  for (const pin of PINS) mesh.peer(1).simulation.pins.square(pin, frequencyHz);
}

describe("following the pins of a node", () => {
  it("tells of edges as the kernel saw them, to readers at any peer", async () => {
    const readers = [0, 1, 2].map((at) => follow(at));
    await mesh.run(500);
    mesh.peer(1).simulation.pins.set(17, "high");
    await mesh.run(100);
    const [first] = readers;
    expect(first?.messages[0]).toEqual({ kind: "hello", node: nodeIdOf(1) });
    for (const { changes } of readers) {
      expect(changes()).toHaveLength(1);
      expect(changes()[0]).toMatchObject({
        type: "gpio.state.changed",
        node: nodeIdOf(1),
        gpio: 17,
        cause: "edge",
        level: "high",
        reservation: buttons[PINS.indexOf(17)]?.id,
      });
      expect(changes()[0]?.kernelTimestampNs).toMatch(/^\d+$/);
    }
  });

  it("loses and counts none of 1,000 edges a second on 8 pins", async () => {
    const there = follow(1);
    const elsewhere = follow(0);
    await mesh.run(500);
    squares(SQUARE_HZ);
    await mesh.run(5_000);
    squares(0);
    await mesh.run(500);
    const count = there.changes().length;
    expect(count).toBeGreaterThan(4_900);
    expect(elsewhere.changes()).toEqual(there.changes());
    expect([there.coalesced(), elsewhere.coalesced()]).toEqual([0, 0]);
  });

  it("goes on over an interruption, and counts what nobody kept", async () => {
    const there = follow(1);
    const { messages, changes, coalesced } = follow(0);
    await mesh.run(500);
    squares(SQUARE_HZ);
    await mesh.run(1_000);
    mesh.hub.cut(nodeIdOf(0), nodeIdOf(1));
    await mesh.run(40_000);
    expect(messages.at(-1)).toMatchObject({ kind: "interrupted", interrupted: true });
    mesh.hub.healAll();
    await mesh.connectAll();
    await mesh.run(10_000);
    squares(0);
    await mesh.run(1_000);
    expect(messages.filter(({ kind }) => kind === "interrupted")).toMatchObject([
      { interrupted: true },
      { interrupted: false },
    ]);
    expect(coalesced()).toBeGreaterThan(10_000);
    expect(changes().length + coalesced()).toBe(there.changes().length);
  });

  it("goes on when the node has started again", async () => {
    const { messages, changes } = follow(0);
    await mesh.run(500);
    mesh.kill(1);
    await mesh.run(1_000);
    expect(messages.at(-1)).toMatchObject({ kind: "interrupted", interrupted: true });
    await mesh.begin(1);
    await mesh.connectAll();
    await mesh.run(10_000);
    expect(messages.at(-1)).toMatchObject({ kind: "interrupted", interrupted: false });
    mesh.peer(1).simulation.pins.set(17, "high");
    await mesh.run(200);
    expect(changes()).toMatchObject([{ gpio: 17, level: "high" }]);
  });

  it("tells nobody of pins that he may not watch, nor of others than he asked for", async () => {
    const toms = follow(0, { node: nodeIdOf(1) }, "tom");
    const one = follow(0, { node: nodeIdOf(1), id: buttons[1]?.id ?? "" });
    const home = follow(0, { node: nodeIdOf(1), namespace: "home" });
    const own = follow(0, {});
    await mesh.run(500);
    for (const pin of PINS) mesh.peer(1).simulation.pins.set(pin, "high");
    await mesh.run(200);
    const gpios = ({ changes }: ReturnType<typeof follow>) =>
      changes()
        .map(({ gpio }) => gpio)
        .sort((a, b) => a - b);
    expect(gpios(toms)).toEqual([5]);
    expect(gpios(one)).toEqual([6]);
    expect(gpios(home)).toEqual(PINS.slice(1));
    expect(gpios(own)).toEqual([]);
  });

  it("is refused at once for who may not, for what is no reservation, and for strangers", async () => {
    const refused = (query: object, name?: string) => {
      expect(() => follow(0, query, name)).toThrow();
      try {
        follow(0, query, name);
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "done";
    };
    expect(refused({}, "nemo")).toBe("PERMISSION_DENIED");
    expect(refused({ namespace: "home" }, "tom")).toBe("PERMISSION_DENIED");
    expect(refused({ id: "a,b" })).toBe("INVALID_ARGUMENT");
    expect(refused({ node: "node-of-nobody" })).toBe("NOT_FOUND");
  });
});
