import { afterEach, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { bearerOf, logIn, statusWith } from "../support/acts.ts";
import { atTime } from "../support/fake-time.ts";
import { allSee, Cleanup, PeerProcess, startMesh } from "../support/peer-process.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** As a Pi has it that has no battery for its clock and has found no server of time. */
const YEARS_BEHIND = atTime("-9000d");

async function expectBehindAndOpen(peer: PeerProcess): Promise<void> {
  expect((await peer.session()).clock?.behindByMs).toBeGreaterThan(8_000 * 86_400_000);
  const { cookie } = await logIn(peer, peer.access);
  expect(await statusWith(peer, { cookie })).toBe(200);
  expect(await statusWith(peer, bearerOf(peer.access.apiToken))).toBe(200);
  const told = (await peer.request("/api/v1/events?type=security.clock.behind")).body as { items: unknown[] };
  expect(told.items).toHaveLength(1);
}

describe.skipIf(skipWithout(capabilities.fakeTime))("a peer whose clock is years behind", () => {
  it("starts as a member, says so, and lets in whoever may come in", async () => {
    const peers = await startMesh(cleanup, 2, { meshName: "clock-member" });
    const [first, second] = peers;
    if (first === undefined || second === undefined) throw new Error("Two peers were started");
    await second.kill("SIGTERM");
    const { dataDirectory, name } = second;
    const flags = ["--no-mdns", "--join", first.meshAddress];
    const access = first.access;
    const behind = cleanup.peer(
      await PeerProcess.start({ name, dataDirectory, access, flags, env: YEARS_BEHIND }),
    );
    await allSee([first, behind], ["pi-a", "pi-b"], "alive", 20_000);
    await expectBehindAndOpen(behind);
    expect((await first.session()).clock).toBeNull();
  });

  it("can be set up: what is made then is still good when the clock is right", async () => {
    const dataDirectory = cleanup.temporaryDirectory();
    const options = { name: "pi-a", dataDirectory, flags: ["--no-mdns"] };
    const behind = cleanup.peer(await PeerProcess.start({ ...options, env: YEARS_BEHIND }));
    const access = await behind.claim("clock-set-up");
    await expectBehindAndOpen(behind);
    await behind.kill("SIGTERM");
    const right = cleanup.peer(await PeerProcess.start({ ...options, access }));
    expect((await right.session()).clock).toBeNull();
    expect(await statusWith(right, bearerOf(access.apiToken))).toBe(200);
    await logIn(right, access);
  });
});
