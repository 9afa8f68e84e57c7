import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { allSee, Cleanup, startMesh } from "../support/peer-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Sends bytes to a port and waits until the other side has closed, or for a moment. */
function sendBytes(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.end(bytes));
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on("error", () => {
      // Being cut off is one right answer to garbage.
    });
    socket.on("close", () => resolve());
    socket.resume();
  });
}

describe("random bytes on every listener", () => {
  it("do not end a peer, nor keep it from its users and its mesh", async () => {
    const peers = await startMesh(cleanup, 2, { meshName: "garbage" });
    const [target] = peers;
    if (target === undefined) throw new Error("Two peers were started");
    const meshPort = Number(/\/tcp\/(\d+)/.exec((await target.mesh()).addresses[0] ?? "")?.[1]);
    const apiPort = Number(new URL(target.url).port);
    const openings = [
      "",
      "GET / HTTP/1.1\r\n",
      "\u0013/multistream/1.0.0\n",
      "POST /api/v1/nodes HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
    ];
    for (let round = 0; round < 40; round++) {
      const opening = Buffer.from(openings[round % openings.length] ?? "");
      const bytes = Buffer.concat([opening, randomBytes(1 + ((round * 7_919) % 100_000))]);
      await Promise.all([sendBytes(meshPort, bytes), sendBytes(apiPort, bytes)]);
    }
    expect(target.running).toBe(true);
    await allSee(peers, ["pi-a", "pi-b"], "alive", 5_000);
    expect(target.log).not.toContain("Unexpected error");
  });
});
