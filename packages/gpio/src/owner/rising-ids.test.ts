import { describe, expect, it } from "vitest";
import { asking, OwnerFixture } from "./owner.fixture.ts";
import { RisingIds } from "./rising-ids.ts";

describe("ids of reservations", () => {
  it("are new ULIDs, and count on from the highest that there is when those would be lower", () => {
    const ulids = ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEK0000000000000000", "01ARZ3NDEM0000000000000000"];
    const present: string[] = [];
    const ids = new RisingIds(
      { nextUlid: () => ulids.shift() ?? "", present: () => present },
      { node: "node-0" },
    );
    const next = () => ids.next().split("-")[1];
    expect(next()).toBe("01ARZ3NDEKTSV4RRFFQ69G5FAV");
    expect(next()).toBe("01ARZ3NDEKTSV4RRFFQ69G5FAW");
    present.push(ids.next().replace(/.{26}$/, "01ARZ3NDEMZZZZZZZZZZZZZZZZ"));
    expect(next()).toBe("01ARZ3NDEN0000000000000000");
    expect(next()).toBe("01ARZ3NDEN0000000000000001");
  });

  it("put nobody ahead in line whose clock was set back, over a restart neither", async () => {
    const machine = new OwnerFixture();
    await machine.begin();
    await machine.reserve({ resource: "GPIO18", ttlMs: null });
    const line = async () => {
      const waiting = (await machine.list()).filter(({ record }) => record.state === "waiting");
      return waiting.sort((one, other) => (one.position ?? 0) - (other.position ?? 0));
    };
    const wait = (by: string) =>
      machine.reserve({ resource: "GPIO18", waitMs: 3_600_000, ttlMs: null }, asking(by));
    await wait("bob");
    machine.clock.jumpTo(machine.clock.now() - 86_400_000);
    expect((await wait("eve")).position).toBe(2);
    machine.clock.jumpTo(machine.clock.now() - 86_400_000);
    await machine.restart();
    expect((await wait("ada")).position).toBe(3);
    expect((await line()).map(({ record }) => record.holder.userName)).toEqual(["bob", "eve", "ada"]);
    await machine.cleanUp();
  });
});
