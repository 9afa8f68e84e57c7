import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { toBase64Url } from "@pi-controller/security";
import { encodeMessage, HELLO_METHOD, NONCE_BYTES, PROVE_METHOD } from "@pi-controller/security/testing";
import { afterAll, describe, expect, it } from "vitest";
import type { ApiAnswer } from "../../scripts/mesh-setup.ts";
import { json, logIn, nodeOf } from "../support/acts.ts";
import { askFrom } from "../support/from-address.ts";
import { Cleanup, PeerProcess } from "../support/peer-process.ts";
import { startStranger } from "../support/strangers.ts";

/** Each attacker comes from a machine of his own; the honest user is at 127.0.0.1. */
const ATTACKERS = ["127.0.0.21", "127.0.0.22", "127.0.0.23"];
const WARM_UP_MS = 3_000;
const LOAD_MS = 6_000;
/** Generous: two busy cores do all of it at once, the attackers too. */
const P99_WITHIN_MS = 1_500;
/** Ten thousand attempts, of which not 4 kB each may stay. */
const MAX_GROWTH_BYTES = 40 * 1024 * 1024;

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** With as little memory as on the smallest Pi: what is garbage already is not kept for later. */
async function startPeer(name: string): Promise<PeerProcess> {
  return cleanup.peer(
    await PeerProcess.start({
      name,
      dataDirectory: cleanup.temporaryDirectory(),
      flags: ["--no-mdns"],
      env: { NODE_OPTIONS: "--max-semi-space-size=1 --max-old-space-size=64" },
    }),
  );
}

/** Resident memory of a process. */
function rssOf({ pid }: PeerProcess): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

interface Tally {
  attempts: number;
  /** Of answers that should not have been. */
  readonly admitted: string[];
}

function note(tally: Tally, what: string, answer: ApiAnswer | undefined): void {
  tally.attempts++;
  if (answer !== undefined && answer.status < 400) tally.admitted.push(`${what} ${answer.status}`);
}

describe("while strangers try to get in over three connections", () => {
  it("a member serves its users, nobody is admitted, and memory stays flat", async () => {
    const member = await startPeer("pi-a");
    await member.claim("hostile-load");
    const pending = await startPeer("pi-p");
    const tally: Tally = { attempts: 0, admitted: [] };
    const stop = new AbortController();
    const attack = async (attempt: () => Promise<void>) => {
      while (!stop.signal.aborted) await attempt();
    };
    const tryApi = async (from: string, url: string, request: Parameters<typeof askFrom>[2], what: string) =>
      note(tally, what, await askFrom(from, url, request).catch(() => undefined));
    const [one = "", two = "", three = ""] = ATTACKERS;
    const { request: askPending, node } = await pendingContact(pending);
    const attacks = [
      attack(async () => {
        const body = { userName: "admin", password: randomBytes(9).toString("hex") };
        await tryApi(one, `${member.url}/api/v1/session`, json("POST", body), "login");
        const authorization = `Bearer pic_${"0".repeat(16)}_${toBase64Url(randomBytes(32))}`;
        await tryApi(one, `${member.url}/api/v1/nodes`, { headers: { authorization } }, "token");
        await knock(one, Number(/\/tcp\/(\d+)/.exec(member.meshAddress)?.[1]));
      }),
      attack(async () => {
        const code = randomBytes(10).toString("hex").toUpperCase();
        const setUp = { code, meshName: "evil", userName: "eve", password: "correct-horse-battery" };
        await tryApi(two, `${pending.url}/api/v1/setup`, json("POST", setUp), "set-up");
        const approval = { code, password: "correct-horse-battery" };
        const path = `/api/v1/pending-nodes/${node}/approve`;
        await tryApi(two, member.url + path, json("POST", approval), "approval");
      }),
      attack(async () => {
        const nonce = toBase64Url(randomBytes(NONCE_BYTES));
        const proof = toBase64Url(randomBytes(32));
        const hello = { version: 1, meshId: "0".repeat(32), nonce };
        const answer = await askPending(HELLO_METHOD, hello);
        await askPending(PROVE_METHOD, { attempt: answer?.["nonce"] ?? nonce, proof }).then((proven) => {
          tally.attempts++;
          if (proven?.["proof"] !== undefined) tally.admitted.push("proof");
        });
        await tryApi(three, `${member.url}/api/v1/mesh/leave`, json("POST", { password: "x" }), "leave");
      }),
    ];

    const durations: number[] = [];
    const failures: string[] = [];
    const honest = async (forMs: number, measured: boolean) => {
      const untilMs = performance.now() + forMs;
      while (performance.now() < untilMs) {
        const sinceMs = performance.now();
        const { status } = await member.request("/api/v1/nodes");
        if (measured) durations.push(performance.now() - sinceMs);
        if (status !== 200) failures.push(`nodes ${status}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    try {
      await honest(WARM_UP_MS, false);
      const before = { member: rssOf(member), pending: rssOf(pending) };
      await honest(LOAD_MS, true);
      const after = { member: rssOf(member), pending: rssOf(pending) };
      expect(after.member - before.member).toBeLessThan(MAX_GROWTH_BYTES);
      expect(after.pending - before.pending).toBeLessThan(MAX_GROWTH_BYTES);
      // With a password, too: a queue of wrong ones does not keep him out.
      await expect(logIn(member, member.access)).resolves.toHaveProperty("cookie");
    } finally {
      stop.abort();
      await Promise.all(attacks);
    }
    expect(failures).toEqual([]);
    expect(tally.admitted).toEqual([]);
    expect(tally.attempts).toBeGreaterThan(500);
    durations.sort((left, right) => left - right);
    expect(durations.length).toBeGreaterThan(50);
    expect(durations[Math.floor(durations.length * 0.99)]).toBeLessThan(P99_WITHIN_MS);
    expect((await pending.session()).state).toBe("unclaimed");
    expect((await member.nodes()).map(({ name }) => name)).toEqual(["pi-a"]);
  }, 60_000);
});

/** Asks a pending node over libp2p; an error is no answer. */
async function pendingContact(pending: PeerProcess) {
  const { addressBook, network } = await startStranger(cleanup, { meshName: "pending" });
  const node = await nodeOf(pending);
  addressBook.add(node, [pending.meshAddress]);
  const request = async (method: string, message: object): Promise<Record<string, string> | undefined> => {
    try {
      const answer = await network.request(node, method, encodeMessage(message), { timeoutMs: 3_000 });
      return JSON.parse(Buffer.from(answer).toString()) as Record<string, string>;
    } catch {
      return undefined;
    }
  };
  return { request, node };
}

/** Sends some garbage to the mesh port, and hangs up. */
function knock(localAddress: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress }, () => socket.end(randomBytes(300)));
    socket.setTimeout(500, () => socket.destroy());
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
    socket.resume();
  });
}
