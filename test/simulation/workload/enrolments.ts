import { pick, type Random, randomInteger } from "@pi-controller/runtime";
import { parseJoinToken } from "@pi-controller/security";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import { admin, anyMember, logIn, outcomeOf, PASSWORD } from "./people.ts";
import type { Workload } from "./workload.ts";

export interface EnrolmentsOptions {
  /** Between two things that somebody begins. */
  readonly intervalMs: number;
}

/** What was begun is seen to so often, also when nothing new is begun any more. */
const CARE_INTERVAL_MS = 5_000;
const LOGIN_INTERVAL_MS = 20_000;
const MAX_USES = 3;
const TOKEN_HOURS = 1;
/** In which a machine that is being enrolled loses its power, sometimes. */
const ENROLLED_WITHIN_MS = 6_000;

/** People enrol machines: with join tokens, and by entering their codes. */
export class Enrolments implements Workload {
  readonly name = "enrolments";
  readonly #options: EnrolmentsOptions;
  readonly #tokens: string[] = [];
  /** Machines whose code somebody enters until they are members. */
  readonly #toApprove = new Set<SimulatedMachine>();
  readonly #approving = new Set<SimulatedMachine>();
  #random: Random | undefined;
  #isEnding = false;
  #lastLoginMs = 0;

  constructor(options: EnrolmentsOptions) {
    this.#options = options;
  }

  begin(world: World): void {
    this.#random = world.random("enrolments");
    this.#repeat(world, this.#options.intervalMs, () => {
      if (!this.#isEnding) this.#beginSomething(world);
    });
    this.#repeat(world, CARE_INTERVAL_MS, () => this.#care(world));
  }

  end(): void {
    this.#isEnding = true;
  }

  #repeat(world: World, intervalMs: number, act: () => void): void {
    const step = () => {
      world.clock.setTimer(step, intervalMs);
      act();
    };
    world.clock.setTimer(step, intervalMs);
  }

  #beginSomething(world: World): void {
    const random = this.#random as Random;
    const waiting = world.machines.filter(isWaiting).filter((machine) => !this.#toApprove.has(machine));
    const machine = pick(random, waiting);
    if (machine === undefined) return;
    const chance = random.next();
    if (chance < 0.4) this.#toApprove.add(machine);
    else if (chance < 0.75 || this.#tokens.length === 0) void this.#withNewToken(world, machine);
    else this.#carry(world, machine, pick(random, this.#tokens) as string);
    if (machine.state === "off") machine.start();
    if (random.next() < 0.3) this.#interrupt(world, machine);
  }

  async #withNewToken(world: World, machine: SimulatedMachine): Promise<void> {
    const random = this.#random as Random;
    const member = anyMember(world, random);
    if (member === undefined) return;
    const uses = 1 + randomInteger(random, MAX_USES);
    const request = { uses, expiresInHours: TOKEN_HOURS, password: PASSWORD };
    try {
      const { id, token } = await member.peer.enrolment.createJoinToken(request, admin(world));
      this.#trace(world, `${member.machine.name} made the token ${id} for ${uses}`);
      this.#tokens.push(token);
      if (isWaiting(machine)) this.#carry(world, machine, token);
    } catch (error) {
      this.#trace(world, `${member.machine.name} made no token: ${outcomeOf(error)}`);
    }
  }

  /** Puts a token on a card, which is in the machine from its next start on. */
  #carry(world: World, machine: SimulatedMachine, token: string): void {
    const random = this.#random as Random;
    machine.card.joinToken = parseJoinToken(token);
    machine.card.knockAt = random.next() < 0.5 ? world.joinOrigins : [];
    this.#trace(world, `${machine.name} carries the token ${machine.card.joinToken?.id}`);
    if (machine.state === "unclaimed") machine.kill();
    machine.start();
  }

  #interrupt(world: World, machine: SimulatedMachine): void {
    const random = this.#random as Random;
    world.clock.setTimer(() => {
      if (machine.state === "off") return;
      this.#trace(world, `${machine.name} loses its power while it is enrolled`);
      machine.powerOff();
      world.clock.setTimer(() => machine.start(), ENROLLED_WITHIN_MS * random.next());
    }, ENROLLED_WITHIN_MS * random.next());
  }

  /** Sees to what was begun: a person tries again, and at another member. */
  #care(world: World): void {
    const random = this.#random as Random;
    for (const machine of this.#toApprove) {
      if (machine.isMember || machine.isForgotten) this.#toApprove.delete(machine);
      else void this.#approve(world, machine);
    }
    const nowMs = world.clock.monotonic();
    const member = anyMember(world, random);
    if (member === undefined || nowMs - this.#lastLoginMs < LOGIN_INTERVAL_MS) return;
    this.#lastLoginMs = nowMs;
    const { name } = member.machine;
    logIn(world, member).then(
      (signed) => {
        if (signed > 0)
          this.#trace(world, `the authority signed ${signed} statements that waited at ${name}`);
      },
      (error: unknown) => this.#trace(world, `${name} took no login: ${outcomeOf(error)}`),
    );
  }

  async #approve(world: World, machine: SimulatedMachine): Promise<void> {
    const member = anyMember(world, this.#random as Random);
    if (member === undefined || this.#approving.has(machine)) return;
    const { enrolment } = member.peer;
    this.#approving.add(machine);
    // Whoever does not see an answer tries again.
    world.clock.setTimer(() => void this.#approving.delete(machine), 4 * CARE_INTERVAL_MS);
    const acting = admin(world);
    try {
      if (!enrolment.pending().some(({ id }) => id === machine.id)) {
        const [, , host, , port] = world.hub.addressOf(machine.id).split("/");
        await enrolment.lookUp({ address: `${host}:${port}` }, acting);
      }
      await enrolment.approve(machine.id, { code: machine.card.setupCode, password: PASSWORD }, acting);
      this.#trace(world, `${member.machine.name} has approved ${machine.name}`);
    } catch (error) {
      this.#trace(world, `${member.machine.name} has not approved ${machine.name}: ${outcomeOf(error)}`);
    }
    this.#approving.delete(machine);
  }

  #trace(world: World, what: string): void {
    world.trace.add(world.clock.monotonic(), what);
  }
}

/** Whether nobody has taken it into a mesh. */
function isWaiting(machine: SimulatedMachine): boolean {
  return !machine.isForgotten && !machine.isMember && !machine.isForgetting;
}
