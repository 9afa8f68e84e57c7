import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPinOwner, type OwnerAsking, type PinOwner, StoredAtStart } from "@pi-controller/gpio";
import { openPinHardware, type PinHardware, type PinHardwareOptions } from "@pi-controller/hardware";
import { silentLogger, systemClock, systemRandom, unsyncedPageFile } from "@pi-controller/runtime";
import { type Board, builtInRoles, ruleSchema } from "@pi-controller/schema";
import { authorize } from "@pi-controller/security";
import * as z from "zod";
import { machineTime } from "../../../peer/src/machine-time.ts";
import { sealOf } from "../../../peer/src/own-seal.ts";
import { newNetwork, startPeer } from "../document/peers.ts";
import type { Times } from "./shared-time.ts";

export interface BenchOwner {
  readonly owner: PinOwner;
  readonly hardware: PinHardware;
  readonly asking: OwnerAsking;
  stop(): Promise<void>;
}

const NODE = "bench-node-0001";
const USER = { userName: "bench", rules: z.array(ruleSchema).parse(builtInRoles.operator.rules) };

/** The owner of the pins of a board as a peer has it: LevelDB with synced writes, and the board's driver. */
export async function benchOwner(
  board: Board,
  driver: PinHardwareOptions["driver"],
  options: { readonly times?: Times | undefined } = {},
): Promise<BenchOwner> {
  const directory = mkdtempSync(join(tmpdir(), "pi-controller-owner-"));
  const peer = await startPeer(newNetwork(), NODE, join(directory, "documents"));
  const { clock, machineTime: time } = options.times ?? { clock: systemClock(), machineTime: machineTime() };
  const common = { clock, random: systemRandom(), logger: silentLogger };
  const hardware = openPinHardware(common, board, {
    driver,
    chip: "",
    pigpiodAddress: "127.0.0.1:1",
    simulationFile: join(directory, "simulated-pins"),
  });
  const signal = new AbortController().signal;
  await hardware.start(signal);
  const seal = sealOf({ raw: randomBytes(64) });
  const service = createPinOwner(
    {
      ...common,
      hardware,
      own: peer.documents.own,
      seal,
      stored: new StoredAtStart({ own: peer.documents.own, seal }),
      wasLost: () => false,
      mesh: peer.documents.mesh,
      otherNodes: () => [],
      events: { emit: () => {} },
      evidence: { verifyIntent: () => Promise.reject(new Error("Nobody writes for later here")) },
      knowsUser: () => undefined,
      machineTime: time,
      leasePage: unsyncedPageFile({ path: join(directory, "gpio-leases") }),
      trustedNow: () => clock.now(),
    },
    { node: NODE, bootEpoch: 1 },
  );
  await service.start(signal);
  return {
    owner: service.owner,
    hardware,
    asking: {
      requester: {
        userName: USER.userName,
        userId: "bench-user",
        refusal: (access) => authorize(USER, access),
      },
      correlationId: "bench",
      idempotencyKey: undefined,
    },
    async stop() {
      await service.stop();
      await hardware.stop();
      await peer.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
