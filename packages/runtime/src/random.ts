/** Port: chance. Seeded in tests and simulations, so that a run can be repeated. Never for secrets. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** Node's own generator. */
export function systemRandom(): Random {
  return { next: () => Math.random() };
}

/**
 * A repeatable generator (mulberry32): the same seed gives the same numbers on every machine.
 *
 * @param seed any integer; its low 32 bits count
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** A whole number in [0, below). */
export function randomInteger(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}

/** One of `items`, or undefined when there is none. */
export function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[randomInteger(random, items.length)];
}

/** A new array with the items in random order (Fisher-Yates). */
export function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const shuffled = [...items];
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = randomInteger(random, index + 1);
    const item = shuffled[index] as T;
    shuffled[index] = shuffled[other] as T;
    shuffled[other] = item;
  }
  return shuffled;
}

/** `valueMs` moved up or down at random by at most `fraction` of it, so that peers do not act in step. */
export function jitter(random: Random, valueMs: number, fraction: number): number {
  return valueMs * (1 + fraction * (2 * random.next() - 1));
}
