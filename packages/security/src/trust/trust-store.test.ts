import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readEnvelope } from "./signed-statement.ts";
import { SimulatedTrustDisk } from "./simulated-trust.ts";
import type { Envelope } from "./statements.ts";
import { type TestMesh, testMesh } from "./testing.ts";
import { TrustStore } from "./trust-store.ts";

type Store = NonNullable<ReturnType<SimulatedTrustDisk["open"]>>;

/** What a machine has for its trust, from one process to the next. */
interface TrustMachine {
  open(): Store | undefined;
  create(meshId: string, envelopes: readonly Envelope[]): Store;
  /** Lets what stands under a key become unreadable; nothing has it open. */
  damage(key: string): void;
}

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await testMesh();
});
afterAll(() => mesh.dispose());

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const keysOf = (store: Store) =>
  store
    .statements()
    .statements.map(({ key }) => key)
    .sort();
const code = (expected: string) => expect.objectContaining({ code: expected });

function opened(machine: TrustMachine): Store {
  const store = machine.open();
  if (store === undefined) throw new Error("There is nothing to open");
  return store;
}

/** What every adapter does of what a peer uses of a `TrustStore`. */
function describeTrustStoreContract(name: string, make: () => TrustMachine): void {
  describe(`${name} as a TrustStore`, () => {
    const created = () => {
      const machine = make();
      const { meshId, envelopes } = mesh.founded;
      return { machine, store: machine.create(meshId, envelopes), meshId, envelopes };
    };

    it("is not there before it is made, and cannot be made twice", () => {
      const machine = make();
      expect(machine.open()).toBeUndefined();
      const store = machine.create(mesh.founded.meshId, mesh.founded.envelopes);
      expect(() => machine.create(mesh.founded.meshId, [])).toThrow(code("ALREADY_EXISTS"));
      store.close();
      expect(() => machine.create(mesh.founded.meshId, [])).toThrow(code("ALREADY_EXISTS"));
    });

    it("is not made when something of it cannot be read", () => {
      const machine = make();
      const broken = { statement: "{", signatures: [] };
      expect(() => machine.create(mesh.founded.meshId, [...mesh.founded.envelopes, broken])).toThrow();
      expect(machine.open()).toBeUndefined();
    });

    it("holds what it was made with, for the next process", () => {
      const { machine, store, meshId, envelopes } = created();
      const keys = envelopes.map((envelope) => readEnvelope(envelope).key).sort();
      expect([store.meshId, keysOf(store), store.lastSeenMs(), store.secrets()]).toEqual([
        meshId,
        keys,
        0,
        [],
      ]);
      store.close();
      const next = opened(machine);
      expect([next.meshId, keysOf(next)]).toEqual([meshId, keys]);
      expect(next.statements().statements.map(({ envelope }) => envelope)).toEqual(
        expect.arrayContaining([...envelopes]),
      );
      next.close();
    });

    it("refuses a second process, and takes it when the first has closed", () => {
      const { machine, store } = created();
      expect(() => machine.open()).toThrow(code("FAILED_PRECONDITION"));
      store.close();
      store.close();
      opened(machine).close();
    });

    it("writes and forgets statements in one step; what is written and forgotten at once stands", () => {
      const { machine, store, envelopes } = created();
      const [one, other] = envelopes.map(readEnvelope).slice(-2) as [
        ReturnType<typeof readEnvelope>,
        ReturnType<typeof readEnvelope>,
      ];
      const all = keysOf(store);
      store.change([], []);
      store.change([], [one.key, other.key, "there is none such"]);
      expect(keysOf(store)).toEqual(all.filter((key) => key !== one.key && key !== other.key));
      store.change([one], []);
      store.change([other, one], [one.key]);
      store.close();
      const next = opened(machine);
      expect(keysOf(next)).toEqual(all);
      next.close();
    });

    it("tells which statements cannot be read any more, until they are written anew or forgotten", () => {
      const { machine, store, envelopes } = created();
      const [one, other] = envelopes.map(readEnvelope).slice(-2);
      if (one === undefined || other === undefined) throw new Error("A mesh is founded with more");
      const all = keysOf(store);
      store.close();
      machine.damage(one.key);
      machine.damage(other.key);
      const next = opened(machine);
      expect([...next.statements().damaged].sort()).toEqual([one.key, other.key].sort());
      expect(keysOf(next)).toHaveLength(all.length - 2);
      next.change([one], [other.key]);
      expect(next.statements().damaged).toEqual([]);
      expect(keysOf(next)).toEqual(all.filter((key) => key !== other.key));
      next.close();
    });

    it("remembers the last time in whole milliseconds, and the last secrets, newest first", () => {
      const { machine, store } = created();
      store.rememberTime(1_234.9);
      store.rememberTime(1_000.5);
      store.keepSecrets([{ epoch: 9, sealed: "nine" }]);
      store.keepSecrets([
        { epoch: 1, sealed: "one" },
        { epoch: 3, sealed: "three" },
      ]);
      store.close();
      const next = opened(machine);
      expect(next.lastSeenMs()).toBe(1_000);
      expect(next.secrets()).toEqual([
        { epoch: 3, sealed: "three" },
        { epoch: 1, sealed: "one" },
      ]);
      next.close();
    });

    it("says that it cannot be used once it is closed", () => {
      const { store } = created();
      store.close();
      const calls = [
        () => store.statements(),
        () => store.change([], ["genesis"]),
        () => store.lastSeenMs(),
        () => store.rememberTime(1),
        () => store.secrets(),
        () => store.keepSecrets([]),
      ];
      for (const call of calls) expect(call).toThrow(code("UNAVAILABLE"));
    });
  });
}

describeTrustStoreContract("SQLite", () => {
  const directory = mkdtempSync(join(tmpdir(), "trust-store-"));
  directories.push(directory);
  return {
    open: () => TrustStore.open(directory),
    create: (...given) => TrustStore.create(directory, ...given),
    damage(key) {
      const database = new DatabaseSync(join(directory, "trust.db"));
      database.prepare("UPDATE envelopes SET envelope = substr(envelope, 2) WHERE key = ?").run(key);
      database.close();
    },
  };
});

describeTrustStoreContract("A simulated disk", () => new SimulatedTrustDisk());

describe("a simulated trust disk", () => {
  it("takes nothing of a process that was killed, and shows it what was", () => {
    const disk = new SimulatedTrustDisk();
    const dead = disk.create(mesh.founded.meshId, mesh.founded.envelopes);
    const all = keysOf(dead);
    disk.kill();
    const store = opened(disk);
    dead.change([], ["genesis"]);
    dead.rememberTime(77);
    dead.keepSecrets([{ epoch: 1, sealed: "one" }]);
    dead.close();
    expect([keysOf(store), store.lastSeenMs(), store.secrets()]).toEqual([all, 0, []]);
    store.change([], ["genesis"]);
    expect(keysOf(dead)).toEqual(all);
  });

  it("reads each envelope once for all machines", () => {
    const { meshId, envelopes } = mesh.founded;
    const [one, other] = [new SimulatedTrustDisk(), new SimulatedTrustDisk()].map((disk) =>
      disk.create(meshId, envelopes).statements(),
    );
    const distinct = new Set([...(one?.statements ?? []), ...(other?.statements ?? [])]);
    expect(distinct.size).toBe(envelopes.length);
  });

  it("can be set back and lost while nobody has it open", () => {
    const disk = new SimulatedTrustDisk();
    const store = disk.create(mesh.founded.meshId, mesh.founded.envelopes);
    const { content } = disk;
    const all = keysOf(store);
    store.change([], ["genesis"]);
    expect(() => disk.restore(content)).toThrow(code("FAILED_PRECONDITION"));
    store.close();
    disk.restore(content);
    const next = opened(disk);
    expect(keysOf(next)).toEqual(all);
    next.close();
    disk.restore(undefined);
    expect(disk.open()).toBeUndefined();
  });

  it("refuses all changes while it is full, and tells of those alone that it took", () => {
    const told: string[] = [];
    const disk = new SimulatedTrustDisk({ onChange: (_changed, dropped) => told.push(...dropped) });
    const store = disk.create(mesh.founded.meshId, mesh.founded.envelopes);
    const { content } = disk;
    disk.isFull = true;
    expect(() => store.change([], ["genesis"])).toThrow(code("RESOURCE_EXHAUSTED"));
    expect(() => store.rememberTime(5)).toThrow(code("RESOURCE_EXHAUSTED"));
    expect([disk.content, told]).toEqual([content, []]);
    disk.isFull = false;
    store.change([], ["genesis"]);
    expect(told).toEqual(["genesis"]);
  });
});
