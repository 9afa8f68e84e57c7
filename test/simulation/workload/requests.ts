import { pick, type Random, randomInteger, sleep, type Timer } from "@pi-controller/runtime";
import type { RunningPeer } from "../world/compose-peer.ts";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Workload } from "./workload.ts";

export interface RequestsOptions {
  /** Between two requests, of all machines together. */
  readonly intervalMs: number;
}

/** A request that has not ended. */
export interface OpenRequest {
  readonly machine: SimulatedMachine;
  readonly peer: RunningPeer;
  /** By the clock of its process. */
  readonly endsMs: number;
  readonly text: string;
}

const METHOD = "simulation.echo";
const MAX_TIMEOUT_MS = 2_000;
/** Answers come as late as this: some after the end of their request. */
const MAX_DELAY_MS = 2_500;

/** Machines ask each other for what they have said, some of them slow to answer. */
export class Requests implements Workload {
  readonly name = "requests";
  readonly open = new Set<OpenRequest>();
  readonly #options: RequestsOptions;
  readonly #answering = new WeakSet<RunningPeer>();
  #random: Random | undefined;
  #timer: Timer | undefined;
  #count = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  begin(world: World): void {
    this.#random = world.random("requests");
    const step = () => {
      this.#timer = world.clock.setTimer(step, this.#options.intervalMs);
      this.#ask(world, this.#random as Random);
    };
    step();
  }

  end(): void {
    this.#timer?.cancel();
  }

  #ask(world: World, random: Random): void {
    const running = world.machines.filter(({ isRunning }) => isRunning);
    for (const { peer } of running) if (peer !== undefined) this.#answer(peer, random);
    const machine = pick(random, running);
    const other = pick(random, running);
    const timeoutMs = 1 + randomInteger(random, MAX_TIMEOUT_MS);
    const peer = machine?.peer;
    if (machine === undefined || peer === undefined || other === undefined || other === machine) return;
    const text = `${machine.name} ${++this.#count}`;
    const request: OpenRequest = { machine, peer, text, endsMs: peer.clock.monotonic() + timeoutMs };
    this.open.add(request);
    const over = () => void this.open.delete(request);
    peer.network.request(other.id, METHOD, Buffer.from(text), { timeoutMs }).then((answer) => {
      over();
      const answered = Buffer.from(answer).toString();
      if (answered !== text) world.violation(this.name, `${text} was answered with ${answered}`);
    }, over);
  }

  #answer(peer: RunningPeer, random: Random): void {
    if (this.#answering.has(peer)) return;
    this.#answering.add(peer);
    peer.network.handle(METHOD, async ({ payload }) => {
      await sleep(peer.clock, MAX_DELAY_MS * random.next() ** 2);
      return payload;
    });
  }
}
