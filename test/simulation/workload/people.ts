import { pick, type Random } from "@pi-controller/runtime";
import { type Acting, overdueStatements } from "@pi-controller/security";
import type { RunningPeer } from "../world/compose-peer.ts";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";

/** Keyrings of a simulation open with any. */
export const PASSWORD = "any";

/** A member whose process runs, and that process. */
export interface RunningMember {
  readonly machine: SimulatedMachine;
  readonly peer: RunningPeer;
}

export function runningMembers(world: World): RunningMember[] {
  return world.machines.flatMap((machine) =>
    machine.isRunning && machine.peer !== undefined ? [{ machine, peer: machine.peer }] : [],
  );
}

/** The member at whose page somebody sits. */
export function anyMember(world: World, random: Random): RunningMember | undefined {
  return pick(random, runningMembers(world));
}

/** The admin who has founded the mesh. */
export function admin(world: World): Acting {
  const { id, name, roles } = world.founding.authority.user.user;
  return {
    address: "192.0.2.1",
    userAgent: "simulation",
    correlationId: "simulation",
    principal: {
      userId: id,
      userName: name,
      roles,
      rules: [{ verbs: ["*"], resources: ["*"] }],
      via: "session",
      credentialId: "simulation",
      idleExpiresAt: null,
      expiresAt: null,
      canUnseal: true,
    },
  };
}

/** What a login of an admin does: it signs what has waited for the authority. Rejects as publishing does. */
export async function logIn(world: World, { peer }: RunningMember): Promise<number> {
  const { core, secrets } = peer;
  const { contested, newest } = secrets;
  const { trust } = core;
  const overdue = await overdueStatements(trust, trust.view, world.founding.authority, newest, contested);
  if (overdue.length > 0) await trust.publish(overdue);
  return overdue.length;
}

/** How something ended, for the trace. */
export function outcomeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
