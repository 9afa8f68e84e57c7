import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  defaultSessionOptions,
  type NewSession,
  SessionStore,
  type SessionStoreOptions,
} from "./session-store.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let folder: string;
let stores: SessionStore[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sessions-"));
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.stop();
  rmSync(folder, { recursive: true });
});

async function make(clock = new VirtualClock(), options: Partial<SessionStoreOptions> = {}) {
  const messages: string[] = [];
  const note = (_fields: object, message: string) => void messages.push(message);
  const logger: Logger = { ...silentLogger, warn: note, error: note };
  const store = new SessionStore(
    { clock, trust: clock, logger },
    { ...defaultSessionOptions, file: join(folder, "sessions.db"), ...options },
  );
  stores.push(store);
  await store.start();
  return { clock, store, messages };
}

const login = (fields: Partial<NewSession> = {}): NewSession => ({
  node: "peer-aaaa",
  userId: "user-0000000000000000",
  userVersion: 1,
  credentialVersion: 1,
  via: "password",
  roles: null,
  address: "10.0.0.1",
  userAgent: "test",
  delegation: null,
  ...fields,
});

describe("SessionStore", () => {
  it("finds a session by its secret, and keeps the secret from the disk", async () => {
    const { store } = await make();
    const { secret, session } = store.create(login());
    expect(store.find(secret)?.id).toBe(session.id);
    expect(store.find(`${secret}x`)).toBeUndefined();
    await store.stop();
    const bytes = readFileSync(join(folder, "sessions.db"));
    expect(bytes.includes(session.id)).toBe(true);
    expect(bytes.includes(secret)).toBe(false);
  });

  it("keeps from the disk what the user's key signed, and has it again once the secret is shown", async () => {
    const { clock, store } = await make();
    const delegation = "header.payload.signature";
    const { secret, session } = store.create(login({ delegation }));
    const other = store.create(login({ delegation: "of.somebody.else" }));
    store.renew(session.id, { delegation: `${delegation}-renewed` });
    await store.stop();
    const bytes = readFileSync(join(folder, "sessions.db"));
    for (const text of [delegation, Buffer.from(delegation).toString("base64url"), "somebody"]) {
      expect(bytes.includes(text), text).toBe(false);
    }
    const again = await make(clock);
    expect(again.store.get(session.id)?.delegation).toBeNull();
    expect(again.store.find(secret, false)?.delegation).toBe(`${delegation}-renewed`);
    expect(again.store.get(session.id)?.delegation).toBe(`${delegation}-renewed`);
    expect(again.store.get(other.session.id)?.delegation).toBeNull();
  });

  it("lets nobody else read its files", async () => {
    const { store } = await make();
    store.create(login());
    for (const suffix of ["", "-wal"]) {
      expect(statSync(join(folder, `sessions.db${suffix}`)).mode & 0o777).toBe(0o600);
    }
  });

  it("ends a session that was not used for 8 hours, and any after 7 days", async () => {
    const { clock, store } = await make();
    const idle = store.create(login());
    const used = store.create(login());
    for (let hour = 0; hour < 7 * 24; hour += 7) {
      expect(store.find(used.secret)?.id).toBe(used.session.id);
      await clock.advance(7 * HOUR_MS);
      if (hour === 0) expect(store.find(idle.secret, false)).toBeDefined();
    }
    expect(store.find(idle.secret)).toBeUndefined();
    expect(store.find(used.secret)).toBeUndefined();
    expect(store.list()).toEqual([]);
  });

  it("outlives a restart with its age, idle or not", async () => {
    const { clock, store } = await make();
    const { secret } = store.create(login());
    await clock.advance(5 * HOUR_MS);
    store.find(secret);
    await clock.advance(2 * HOUR_MS);
    await store.stop();
    const again = await make(new VirtualClock(clock.now()));
    expect(again.store.find(secret, false)).toBeDefined();
    await again.clock.advance(6 * HOUR_MS + 1);
    expect(again.store.find(secret)).toBeUndefined();
  });

  it("counts the time that the peer was off", async () => {
    const { clock, store } = await make();
    const { secret } = store.create(login());
    await store.stop();
    const again = await make(new VirtualClock(clock.now() + 8 * HOUR_MS));
    expect(again.store.find(secret)).toBeUndefined();
    expect(again.store.list()).toEqual([]);
  });

  it("ends nothing when the clock is set right by two years while it runs", async () => {
    const { clock, store } = await make();
    const { secret } = store.create(login());
    clock.jumpTo(clock.now() + 2 * 365 * DAY_MS);
    expect(store.find(secret)).toBeDefined();
    await store.stop();
    const again = await make(new VirtualClock(clock.now() + HOUR_MS));
    expect(again.store.find(secret)).toBeDefined();
  });

  it("revives nothing when the clock goes back, neither while it runs nor over a restart", async () => {
    const { clock, store } = await make();
    const ended = store.create(login());
    await clock.advance(4 * DAY_MS);
    const old = store.create(login());
    for (let hour = 0; hour < 6 * 24; hour += 6) {
      await clock.advance(6 * HOUR_MS);
      store.find(old.secret);
    }
    clock.jumpTo(clock.now() - 365 * DAY_MS);
    expect(store.find(ended.secret)).toBeUndefined();
    expect(store.find(old.secret)).toBeDefined();
    await store.stop();
    const again = await make(new VirtualClock(clock.now() - 365 * DAY_MS));
    expect(again.store.find(ended.secret)).toBeUndefined();
    // It was six days old, and is still.
    for (let hour = 0; hour < 24; hour += 6) {
      expect(again.store.find(old.secret)).toBeDefined();
      await again.clock.advance(6 * HOUR_MS);
    }
    expect(again.store.find(old.secret)).toBeUndefined();
  });

  it("keeps a session that was ended ended after kill -9", async () => {
    const { store } = await make();
    const { secret, session } = store.create(login());
    const kept = store.create(login());
    store.end([session.id]);
    // What is on disk at this moment, as if the process had died here.
    const copy = mkdtempSync(join(tmpdir(), "sessions-"));
    for (const suffix of ["", "-wal"]) {
      writeFileSync(join(copy, `sessions.db${suffix}`), readFileSync(join(folder, `sessions.db${suffix}`)));
    }
    const again = await make(new VirtualClock(), { file: join(copy, "sessions.db") });
    expect(again.store.find(secret)).toBeUndefined();
    expect(again.store.find(kept.secret)).toBeDefined();
    await again.store.stop();
    rmSync(copy, { recursive: true });
  });

  it("ends the one used longest ago when a user, or all, have too many", async () => {
    const { clock, store } = await make(new VirtualClock(), { maxPerUser: 3, maxSessions: 5 });
    const secrets: string[] = [];
    for (let count = 0; count < 4; count++) {
      secrets.push(store.create(login()).secret);
      await clock.advance(1_000);
      store.find(secrets[0] ?? "");
    }
    expect(secrets.map((secret) => store.find(secret, false) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    for (let user = 1; user < 10; user++) store.create(login({ userId: `user-000000000000000${user}` }));
    expect(store.list()).toHaveLength(5);
  });

  it("writes a use at most once a minute", async () => {
    const { clock, store } = await make();
    const { secret } = store.create(login());
    await clock.advance(61_000);
    const size = () => statSync(join(folder, "sessions.db-wal")).size;
    const before = size();
    for (let count = 0; count < 1_000; count++) store.find(secret);
    expect(size()).toBe(before);
    await clock.advance(61_000);
    expect(size()).toBeGreaterThan(before);
  });

  it("begins anew, with a message, when its file is damaged", async () => {
    writeFileSync(join(folder, "sessions.db"), "not a database ".repeat(500));
    const { store, messages } = await make();
    const { secret } = store.create(login());
    expect(store.find(secret)).toBeDefined();
    expect(messages).toEqual(["The file of sessions is damaged; all have to log in again."]);
  });

  it("cannot be used by two peers at once", async () => {
    await make();
    await expect(make()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("bounds what a browser says of itself", async () => {
    const { store } = await make();
    const { session } = store.create(login({ userAgent: "x".repeat(100_000), address: "y".repeat(1_000) }));
    expect(session.userAgent).toHaveLength(200);
    expect(session.address).toHaveLength(64);
  });
});
