import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { nodeOf } from "../support/acts.ts";
import { Cleanup, startMesh } from "../support/peer-process.ts";
import { clientOf, codeOf, drive, levelOf, reserveOutput } from "../support/pins.ts";
import { waitFor } from "../support/wait.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe("a supply that is too weak", () => {
  it("stops outputs until it is good again, also when the board was down meanwhile", async () => {
    const [peer] = await startMesh(cleanup, 1, { meshName: "power" });
    if (peer === undefined) throw new Error("One was started");
    const owner = await nodeOf(peer);
    const client = clientOf(peer);
    await client.gpio.setPolicy({
      onUnderVoltage: "stop",
      onOverTemperature: "nothing",
      clear: "with-the-alarm",
      boardMilliwatts: null,
    });
    const motor = await reserveOutput(client, owner, "GPIO17", { ttlMs: null, onExpire: "low" });
    await drive(client, motor, "high");
    const faults = join(peer.dataDirectory, "board-faults");
    writeFileSync(faults, "brown-out\n");
    await waitFor("the motor is off", async () => (await levelOf(client, motor)) === "low", {
      withinMs: 20_000,
      everyMs: 100,
    });
    expect(await codeOf(drive(client, motor, "high"))).toBe("FAILED_PRECONDITION");
    await peer.kill("SIGKILL");
    rmSync(faults);

    const back = cleanup.peer(await peer.again());
    const after = clientOf(back);
    // It has to be good for a while.
    expect(await codeOf(drive(after, motor, "high"))).toBe("FAILED_PRECONDITION");
    expect(await levelOf(after, motor)).toBe("low");
    await waitFor(
      "the motor may run again",
      async () => (await codeOf(drive(after, motor, "high"))) === undefined,
      { withinMs: 40_000, everyMs: 250 },
    );
    expect((await after.gpio.stops()).nodes.flatMap(({ stops }) => stops)).toEqual([]);
  });
});
