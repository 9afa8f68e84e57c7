import { type Clock, type Logger, type Random, systemClock, systemRandom } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { TrustStore } from "@pi-controller/security";
import type { Config } from "./config/config.ts";
import type { LogComponent } from "./config/options.ts";
import { forgetMesh, isForgetting, makeDataDirectory } from "./data-directory.ts";
import type { Log } from "./log.ts";
import type { MemberStage } from "./member-stage.ts";
import type { Stage, StageEnd } from "./stage.ts";

export interface PeerEnvironment {
  readonly log: Log;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a part of a peer stands in; its log says which part it is. */
export type Component = (name: LogComponent) => {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
};

/** What every part of a peer stands in. */
export interface Surroundings extends PeerEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly component: Component;
}

/** A peer that is put together. */
export interface Peer {
  /** @throws what the service that failed threw; those that had started are stopped again */
  start(signal: AbortSignal): Promise<void>;
  /** Tells the mesh that this peer is off, then stops everything. */
  stop(): Promise<void>;
  /** Of the API and the web UI, once started. */
  url(): string;
}

/**
 * A peer through its life: while it belongs to no mesh it waits to be claimed, then it is a member, and when it has
 * left or was revoked it forgets everything and waits again. All in one process and at the same ports.
 *
 * @param onFailure told when a later part of that life could not begin: the process has to end
 * @throws MeshError when the data directory or what is in it cannot be used
 */
export async function createPeer(
  config: Config,
  environment: PeerEnvironment,
  onFailure: (error: unknown) => void,
): Promise<Peer> {
  const surroundings = surroundingsOf(environment);
  await makeDataDirectory(config.dataDir);
  let stage = await nextStage(config, surroundings);
  let stopping = false;
  const starting = new AbortController();
  /** What is under way between two stages: a stop waits for it. */
  let change: Promise<void> = Promise.resolve();

  const follow = (current: Stage) => {
    void current.ended.then((end) => {
      if (stopping) return;
      change = enterNext(current, end).catch((error: unknown) => {
        // A start that was given up because the peer stops is no failure.
        if (!stopping) onFailure(error);
      });
    });
  };
  const enterNext = async (current: Stage, end: StageEnd) => {
    const name = end.kind === "claimed" ? (end.nodeName ?? config.name) : config.name;
    const settings = { ...config, ...current.ports(), name };
    await current.stop();
    if (stopping) return;
    stage = await nextStage(settings, surroundings);
    await stage.start(starting.signal);
    follow(stage);
  };
  return {
    async start(signal) {
      signal.addEventListener("abort", () => starting.abort(signal.reason));
      await stage.start(signal);
      follow(stage);
    },
    async stop() {
      stopping = true;
      starting.abort(new Error("stopped"));
      await change;
      await stage.stop();
    },
    url: () => stage.url(),
  };
}

/**
 * Makes a peer leave its mesh while it does not run otherwise: starts it, has it tell the others, and forgets all.
 *
 * @throws MeshError FAILED_PRECONDITION when it belongs to no mesh, or runs
 */
export async function leaveMesh(config: Config, environment: PeerEnvironment): Promise<void> {
  const surroundings = surroundingsOf(environment);
  const store = TrustStore.open(config.dataDir);
  if (store === undefined) throw new MeshError("FAILED_PRECONDITION", "This peer belongs to no mesh");
  const member = await createMember(config, store, surroundings);
  await member.start(new AbortController().signal);
  await member.leave();
  await member.ended;
  await member.stop();
  await forgetMesh(config.dataDir);
}

async function nextStage(config: Config, surroundings: Surroundings): Promise<Stage> {
  if (isForgetting(config.dataDir)) await forgetMesh(config.dataDir);
  const store = TrustStore.open(config.dataDir);
  if (store !== undefined) return createMember(config, store, surroundings);
  const { createUnclaimedStage } = await import("./unclaimed-stage.ts");
  return createUnclaimedStage(config, surroundings);
}

async function createMember(
  config: Config,
  store: TrustStore,
  surroundings: Surroundings,
): Promise<MemberStage> {
  const { createMemberStage } = await import("./member-stage.ts");
  return createMemberStage(config, store, surroundings);
}

function surroundingsOf(environment: PeerEnvironment): Surroundings {
  const clock = systemClock();
  const random = systemRandom();
  const component = (name: LogComponent) => ({ clock, random, logger: environment.log.component(name) });
  return { ...environment, clock, random, component };
}
