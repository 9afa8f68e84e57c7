import type { LinkConditions } from "@pi-controller/mesh/simulated";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Fault } from "./fault.ts";

/** A link that takes so long carries little, too. */
const NARROW_FROM_MS = 100;
/** About as a Pi at the end of the garden. */
const NARROW_BYTES_PER_SECOND = 100_000;

/** Lets a fault begin. @returns ends it; everything is called once at most */
export function applyFault(world: World, fault: Fault): () => void {
  const { links } = world.hub;
  if (fault.kind === "partition") return partition(world, fault.machines);
  if (fault.kind === "cut-links") {
    const ends = fault.links.flatMap(({ from, to, bothWays }) => {
      const [one, other] = [machineOf(world, from), machineOf(world, to)];
      const there = links.cutOneWay(one.id, other.id);
      return bothWays ? [there, links.cutOneWay(other.id, one.id)] : [there];
    });
    return () => {
      for (const end of ends) end();
    };
  }
  return applyToMachine(world, machineOf(world, fault.machine), fault);
}

function applyToMachine(
  world: World,
  machine: SimulatedMachine,
  fault: Exclude<Fault, { kind: "partition" | "cut-links" }>,
): () => void {
  const { disk } = machine;
  const restart = () => startAgain(machine);
  switch (fault.kind) {
    case "kill":
      if (machine.state !== "off") machine.kill();
      return restart;
    case "stop":
      machine.stop();
      return restart;
    case "power-off":
      if (machine.state !== "off") machine.powerOff();
      return restart;
    case "pause":
      machine.pause();
      return () => machine.resume();
    case "bad-link": {
      const conditions = badLink(fault);
      const ends = [
        world.hub.links.except({ from: machine.id }, conditions),
        world.hub.links.except({ to: machine.id }, conditions),
      ];
      return () => {
        for (const end of ends) end();
      };
    }
    case "disk-full":
      disk.isFull = true;
      return () => {
        disk.isFull = false;
        restart();
      };
    case "disk-broken":
      disk.isBroken = true;
      return () => {
        disk.isBroken = false;
        restart();
      };
    case "disk-stall":
      disk.stall(fault.durationMs);
      return restart;
    case "disk-slow":
      disk.writeDelay = { minimumMs: fault.writeMs / 2, spreadMs: fault.writeMs };
      return () => {
        disk.writeDelay = { minimumMs: 0, spreadMs: 0 };
      };
    case "lying-disk":
      disk.lastWritesAtRisk = fault.writes;
      return () => {
        world.forgetful.add(machine);
        if (machine.state !== "off") machine.powerOff();
        disk.lastWritesAtRisk = 0;
        restart();
      };
    case "bit-flip":
      world.forgetful.add(machine);
      if (machine.state !== "off") machine.powerOff();
      disk.flipBit();
      machine.recovers = true;
      return restart;
    case "old-disk": {
      const image = machine.image();
      return () => {
        world.forgetful.add(machine);
        if (machine.state !== "off") machine.powerOff();
        machine.restore(image);
        restart();
      };
    }
    case "clock-jump":
      machine.clock.jumpTo(Math.max(0, machine.clock.now() + fault.byMs));
      return () => machine.clock.jumpTo(world.clock.now());
    case "drift":
      machine.clock.setRate(fault.rate);
      return () => machine.clock.setRate(1);
    case "no-clock":
      if (machine.state !== "off") machine.powerOff();
      machine.clock.jumpTo(0);
      machine.start();
      return () => {
        machine.clock.jumpTo(world.clock.now());
        restart();
      };
    case "brown-out":
      machine.peer?.board.brownOut();
      return () => machine.peer?.board.restoreVoltage();
    case "overheat":
      machine.peer?.board.overheat();
      return () => machine.peer?.board.cool();
  }
}

/** What is bad in one way is bad in others, too: an air full of other people's networks, or a cable that is broken. */
function badLink({ lossFraction, latencyMs }: Fault & { kind: "bad-link" }): Partial<LinkConditions> {
  const isNarrow = latencyMs > NARROW_FROM_MS;
  return {
    lossFraction,
    latencyMs,
    latencySpreadMs: latencyMs / 2,
    duplicateFraction: lossFraction / 2,
    reorderFraction: lossFraction,
    reorderDelayMs: 2 * latencyMs,
    ...(isNarrow ? { bytesPerSecond: NARROW_BYTES_PER_SECOND } : {}),
  };
}

/** Begins a process where none runs. */
function startAgain(machine: SimulatedMachine): void {
  if (machine.isToStart) machine.start();
}

function partition(world: World, indexes: readonly number[]): () => void {
  const { links } = world.hub;
  const inside = indexes.map((index) => machineOf(world, index));
  const outside = world.machines.filter((machine) => !inside.includes(machine));
  const ends = inside.flatMap((one) =>
    outside.flatMap((other) => [links.cutOneWay(one.id, other.id), links.cutOneWay(other.id, one.id)]),
  );
  return () => {
    for (const end of ends) end();
  };
}

function machineOf(world: World, index: number): SimulatedMachine {
  const machine = world.machines[index];
  if (machine === undefined) throw new RangeError(`The world has no machine ${index}`);
  return machine;
}
