import { AddressBook } from "@pi-controller/mesh";
import type { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { type Random, type Service, silentLogger } from "@pi-controller/runtime";
import { type JoinTokenSecret, UnclaimedNode } from "@pi-controller/security";
import { BUILD_MS, NAME } from "./compose-peer.ts";
import type { LocalNetwork } from "./local-network.ts";
import type { SimulatedApis } from "./simulated-apis.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";

export interface UnclaimedSurroundings {
  readonly hub: SimulatedNetwork;
  readonly random: Random;
  readonly localNetwork: LocalNetwork;
  readonly apis: SimulatedApis;
}

/** What a peer that belongs to no mesh has on its card. */
export interface EnrolmentCard {
  readonly setupCode: string;
  /** Put there by whoever has the machine in his hands. */
  joinToken: JoinTokenSecret | undefined;
  /** Where it was told to knock. */
  knockAt: readonly string[];
  lockOuts: ReadonlyMap<string, number>;
}

export type RunningUnclaimed = ReturnType<typeof composeUnclaimed>;

/** A peer that belongs to no mesh, as it ships but for its set-up page, on a simulated machine. */
export function composeUnclaimed(machine: SimulatedMachine, surroundings: UnclaimedSurroundings) {
  const { apis, hub, localNetwork, random } = surroundings;
  const { card, id, node, trustDisk } = machine;
  const { network, clock } = hub.createPeer(id, {
    addressBook: new AddressBook(),
    logger: silentLogger,
    clock: machine.clock,
  });
  let silence: ((isGoodbye: boolean) => void) | undefined;
  const { joinToken } = card;
  const unclaimed: UnclaimedNode = new UnclaimedNode(
    {
      network,
      nodeKey: node.key,
      clock,
      logger: silentLogger,
      random,
      secrets: { setupCode: card.setupCode, joinToken },
      announcer: {
        announce: (addresses) => {
          silence?.(false);
          const token = joinToken === undefined ? {} : { joinToken: joinToken.id };
          silence = localNetwork.announce({ peer: id, addresses, name: NAME, ...token });
        },
      },
      sendKnock: (origin, knock) =>
        apis.ask(machine, origin, (enrolment, address) => enrolment.knock(knock, { address })),
      lockOuts: {
        load: async () => card.lockOuts,
        save: async (lockOuts) => void (card.lockOuts = lockOuts),
      },
      forgetSecrets: async () => void (card.joinToken = undefined),
      hasher: { derive: () => Promise.reject(new Error("Nobody makes a mesh here")) },
      createRoot: () => Promise.reject(new Error("Nobody makes a mesh here")),
      store: async (meshId, envelopes) => {
        if (machine.unclaimed?.node === unclaimed) trustDisk.create(meshId, envelopes).close();
      },
    },
    {
      dataDirectory: "/dev/null",
      name: NAME,
      board: "Raspberry Pi 4 Model B",
      buildDateMs: BUILD_MS,
      knockAt: card.knockAt,
    },
  );
  const services: readonly Service[] = [network, unclaimed];
  return {
    node: unclaimed,
    services,
    network,
    /** Announces nothing more: with a good-bye when it ends by itself. */
    silence: (isGoodbye: boolean) => silence?.(isGoodbye),
  };
}
