import type { Clock, Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { type LinkConditions, LinkDirection, PERFECT_LINK } from "./link-direction.ts";

/** Which directions conditions are for: from one machine, to one, or both; an end left out is any machine. */
export interface LinkScope {
  readonly from?: NodeId;
  readonly to?: NodeId;
  /** The way back as well. */
  readonly bothWays?: boolean;
}

interface Exception {
  readonly scope: LinkScope;
  readonly conditions: Partial<LinkConditions>;
}

/** Which way messages get through between the machines of a simulated network, and how well. */
export class SimulatedLinks {
  readonly #clock: Clock;
  readonly #directions = new Map<NodeId, Map<NodeId, LinkDirection>>();
  readonly #exceptions = new Set<Exception>();
  #conditions: LinkConditions;
  /** Counts changes of conditions: what a direction has been told is brought up to date when it is used. */
  #version = 1;

  constructor(components: { clock: Clock }, conditions: Partial<LinkConditions>) {
    this.#clock = components.clock;
    this.#conditions = { ...PERFECT_LINK, ...conditions };
  }

  /** Conditions of all links but for what is excepted. */
  change(conditions: Partial<LinkConditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
    this.#version++;
  }

  /**
   * Other conditions for some directions. Of two exceptions for one direction the later one counts.
   *
   * @returns takes this exception back, and no other
   */
  except(scope: LinkScope, conditions: Partial<LinkConditions>): Unsubscribe {
    const exception: Exception = { scope, conditions };
    this.#exceptions.add(exception);
    this.#version++;
    return () => {
      if (this.#exceptions.delete(exception)) this.#version++;
    };
  }

  /**
   * Nothing gets through from one machine to the other any more; the way back stays as it is.
   *
   * @returns takes this cut back, and no other
   */
  cutOneWay(from: NodeId, to: NodeId): Unsubscribe {
    return this.#direction(from, to).cut(this.#clock.monotonic());
  }

  /** Takes back all cuts from one machine to the other. */
  healOneWay(from: NodeId, to: NodeId): void {
    this.#directions.get(from)?.get(to)?.heal();
  }

  /** Takes back all cuts. */
  healAll(): void {
    for (const directions of this.#directions.values()) {
      for (const [to, direction] of directions) {
        direction.heal();
        if (!direction.used) directions.delete(to);
      }
    }
  }

  open(from: NodeId, to: NodeId): boolean {
    return this.#directions.get(from)?.get(to)?.open ?? true;
  }

  /** Monotonic ms since when nothing gets from one machine to the other; undefined when it does. */
  cutSinceMs(from: NodeId, to: NodeId): number | undefined {
    const direction = this.#directions.get(from)?.get(to);
    return direction === undefined || direction.open ? undefined : direction.cutSinceMs;
  }

  /** One way between two machines, with the conditions that hold now. */
  direction(from: NodeId, to: NodeId): LinkDirection {
    return this.upToDate(this.#direction(from, to), from, to);
  }

  /** Gives a direction that was asked for before the conditions that hold now. */
  upToDate(direction: LinkDirection, from: NodeId, to: NodeId): LinkDirection {
    if (direction.conditionsVersion !== this.#version) {
      direction.conditions = this.#conditionsOf(from, to);
      direction.conditionsVersion = this.#version;
    }
    return direction;
  }

  #direction(from: NodeId, to: NodeId): LinkDirection {
    let directions = this.#directions.get(from);
    if (directions === undefined) {
      directions = new Map();
      this.#directions.set(from, directions);
    }
    let direction = directions.get(to);
    if (direction === undefined) {
      direction = new LinkDirection();
      directions.set(to, direction);
    }
    return direction;
  }

  #conditionsOf(from: NodeId, to: NodeId): LinkConditions {
    let conditions = this.#conditions;
    for (const exception of this.#exceptions) {
      const { scope } = exception;
      if (matches(scope, from, to) || (scope.bothWays === true && matches(scope, to, from))) {
        conditions = { ...conditions, ...exception.conditions };
      }
    }
    return conditions;
  }
}

function matches(scope: LinkScope, from: NodeId, to: NodeId): boolean {
  return (scope.from ?? from) === from && (scope.to ?? to) === to;
}
