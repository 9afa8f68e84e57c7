import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { Cleanup, PeerProcess, startMesh } from "../support/peer-process.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Starts a peer that is expected not to come up. */
async function failsToStart(dataDirectory: string, flags: readonly string[] = []) {
  const peer = cleanup.peer(
    new PeerProcess({
      name: "pi-x",
      dataDirectory,
      flags: ["--no-mdns", ...flags],
    }),
  );
  return { code: await peer.ended(), log: peer.log };
}

async function starts(dataDirectory: string, flags: readonly string[] = []): Promise<PeerProcess> {
  return cleanup.peer(
    await PeerProcess.start({
      name: "pi-x",
      dataDirectory,
      flags: ["--no-mdns", ...flags],
    }),
  );
}

/** A mesh of one peer. */
async function startsMember(dataDirectory: string): Promise<PeerProcess> {
  const peer = await starts(dataDirectory);
  await peer.claim("failures");
  return peer;
}

/** The LevelDB folder below a data directory. */
const databaseOf = (dataDirectory: string) => join(dataDirectory, "documents", "level");

/** Databases that were moved aside. */
const findAside = (dataDirectory: string) =>
  readdirSync(dataDirectory, { recursive: true, encoding: "utf8" }).filter((path) =>
    /damaged[^/]*$/.test(path),
  );

describe("a peer that cannot start says why, and ends", () => {
  it("when another peer runs on its data directory", async () => {
    const directory = cleanup.temporaryDirectory();
    const first = await startsMember(directory);
    const second = await failsToStart(directory);
    expect(second.code).toBe(1);
    expect(second.log).toMatch(/cannot start: .*(another|in use|locked)/i);
    expect((await first.request("/readyz")).status).toBe(200);
  });

  it("when its port is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    cleanup.add(() => server.close());
    await waitFor("the port is taken", () => server.listening, { withinMs: 5_000 });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const api = await failsToStart(cleanup.temporaryDirectory(), ["--port", String(port)]);
    expect(api).toMatchObject({ code: 1 });
    expect(api.log).toMatch(new RegExp(`cannot start: .*${port}`));
    // Where in the code it was found helps nobody who has to choose another port.
    expect(api.log).not.toContain("stack");
    const mesh = await failsToStart(cleanup.temporaryDirectory(), ["--mesh-port", String(port)]);
    expect(mesh).toMatchObject({ code: 1 });
    expect(mesh.log).toMatch(new RegExp(`cannot start: .*${port}`));
  });

  it("when its identity is damaged, and never takes a new one", async () => {
    const directory = cleanup.temporaryDirectory();
    const peer = await starts(directory);
    await peer.kill("SIGTERM");
    const key = readdirSync(directory, { withFileTypes: true }).find(
      (entry) => entry.isFile() && /key|identity/.test(entry.name),
    );
    const path = join(directory, key?.name ?? "missing");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, "not a key");
    const failed = await failsToStart(directory);
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.log).toContain(path);
  });

  it("when its identity can be read by others", async () => {
    const directory = cleanup.temporaryDirectory();
    await (await starts(directory)).kill("SIGTERM");
    const key = readdirSync(directory).find((name) => /key|identity/.test(name)) ?? "";
    chmodSync(join(directory, key), 0o644);
    const failed = await failsToStart(directory);
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.log).toMatch(/600/);
  });

  it("when its database is damaged, until --recover moves it aside and the state comes from others", async () => {
    const [keeper, victim] = await startMesh(cleanup, 2, { meshName: "failures" });
    if (keeper === undefined || victim === undefined) throw new Error("Two peers were started");
    await keeper.send("POST", "/api/v1/nodes", { address: "127.1.0.7", name: "printer" });
    await waitFor("the victim has it", async () => (await victim.stateOf("printer")) !== undefined, {
      withinMs: 5_000,
    });
    await victim.kill("SIGTERM");
    const database = databaseOf(victim.dataDirectory);
    for (const file of readdirSync(database)) {
      if (/^(MANIFEST|CURRENT)/.test(file)) writeFileSync(join(database, file), "garbage".repeat(100));
    }
    const failed = await failsToStart(victim.dataDirectory);
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.log).toContain("--recover");
    expect(existsSync(database)).toBe(true);

    const join_ = (await keeper.mesh()).addresses[0] ?? "";
    const recovered = cleanup.peer(await victim.again(["--recover", "--join", join_]));
    await waitFor("the state is back", async () => (await recovered.stateOf("printer")) !== undefined, {
      withinMs: 15_000,
    });
    // Nothing was thrown away.
    expect(findAside(victim.dataDirectory)).toHaveLength(1);
  });
});

describe("a full disk", () => {
  it.skipIf(skipWithout(capabilities.mounts))(
    "refuses writes with a clear error, serves reads, and recovers",
    async () => {
      const mount = cleanup.temporaryDirectory();
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", mount]);
      cleanup.add(() => execFileSync("umount", ["--lazy", mount]));
      const directory = join(mount, "data");
      mkdirSync(directory);
      const peer = await startsMember(directory);
      const ballast = join(mount, "ballast");
      let size = 24 * 1024 * 1024;
      // Fills whatever is left, in ever smaller pieces.
      for (let piece = 0; size >= 512; piece++, size = Math.floor(size / 2)) {
        try {
          writeFileSync(`${ballast}${piece}`, Buffer.alloc(size));
        } catch (error) {
          expect(error).toMatchObject({ code: "ENOSPC" });
        }
      }
      let refused = 0;
      for (let index = 0; index < 400 && refused === 0; index++) {
        const labels = Object.fromEntries(
          Array.from({ length: 60 }, (_, key) => [`key-${key}`, "v".repeat(60)]),
        );
        const body = {
          address: `127.3.${Math.floor(index / 250)}.${1 + (index % 250)}`,
          name: `machine-${index}`,
          labels,
        };
        const answer = await peer.send("POST", "/api/v1/nodes", body);
        if (answer.status === 201) continue;
        expect(answer).toMatchObject({ body: { code: "RESOURCE_EXHAUSTED" } });
        expect(JSON.stringify(answer.body)).toMatch(/disk|space/i);
        // What was refused is not there.
        expect(await peer.stateOf(`machine-${index}`)).toBeUndefined();
        refused++;
      }
      expect(refused).toBe(1);
      expect((await peer.request("/api/v1/nodes")).status).toBe(200);
      for (const name of readdirSync(mount)) if (name.startsWith("ballast")) rmSync(join(mount, name));
      await waitFor(
        "writes work again",
        async () =>
          (await peer.send("POST", "/api/v1/nodes", { address: "127.1.0.9", name: "after" })).status === 201,
        { withinMs: 20_000, everyMs: 250 },
      );
    },
  );
});
