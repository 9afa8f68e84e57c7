import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { buildPeer, bundleDirectory } from "../../scripts/build.ts";
import { buildUi } from "../../scripts/build-ui.ts";
import { Cleanup, PeerProcess } from "../support/peer-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe("the bundle", () => {
  it("runs from any folder, with its UI, a configuration file and nothing of the repository", async () => {
    await buildUi();
    await buildPeer();
    const directory = cleanup.temporaryDirectory();
    const copy = join(directory, "pi-controller");
    cpSync(bundleDirectory, copy, { recursive: true });
    const configFile = join(directory, "config.yaml");
    writeFileSync(configFile, "mdns: false\n");
    const peer = cleanup.peer(
      await PeerProcess.start({
        name: "pi-a",
        dataDirectory: join(directory, "data"),
        program: [join(copy, "pi-controller")],
        flags: ["--config", configFile],
        env: { NODE: process.execPath },
      }),
    );
    const page = await (await fetch(peer.url)).text();
    expect(page).toContain("<title>");
    const script = /src="([^"]+\.js)"/.exec(page)?.[1];
    expect((await fetch(`${peer.url}${script}`)).headers.get("content-type")).toContain("javascript");
    await peer.claim("bundle");
    expect((await peer.request("/api/v1/openapi.json")).body).toMatchObject({
      openapi: expect.stringMatching(/^3\.1/),
    });
    const registered = await peer.send("POST", "/api/v1/nodes", { address: "127.1.0.7", name: "printer" });
    expect(registered.status).toBe(201);
    expect(await peer.kill("SIGTERM")).toBe(0);
    expect(existsSync(join(copy, "compile-cache"))).toBe(true);
  });
});
