import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadConfig } from "./config/config.ts";
import { createPeer } from "./create-peer.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pi-controller-peer-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("a peer", () => {
  it("stops in the middle of becoming a member, and does not take that for a failure", async () => {
    const config = await loadConfig({
      argv: [
        ...["--name", "first", "--data-dir", directory, "--listen", "127.0.0.1", "--no-mdns"],
        ...["--port", "0", "--mesh-port", "0", "--board", "simulated-pi-4"],
      ],
      env: {},
    });
    let setupCode = "";
    const log = {
      component: () => silentLogger,
      showPerson: (fields: object) => {
        if ("setupCode" in fields) setupCode = String(fields.setupCode);
      },
    };
    const failures: unknown[] = [];
    const peer = await createPeer(config, { log, version: "0.0.0", env: {} }, (error) =>
      failures.push(error),
    );
    await peer.start(new AbortController().signal);
    const answer = await fetch(`${peer.url()}/api/v1/setup`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        code: setupCode,
        meshName: "home",
        userName: "ada",
        password: "correct horse battery",
      }),
    });
    expect(answer.status).toBe(201);
    // Counted when the member is put together, before any of it starts.
    await vi.waitFor(() => expect(existsSync(join(directory, "boot-epoch"))).toBe(true), {
      timeout: 20_000,
      interval: 1,
    });
    await peer.stop();
    expect(failures).toEqual([]);
    expect(existsSync(join(directory, "trust.db"))).toBe(true);
  }, 40_000);
});
