import { type Clock, type Random, randomInteger } from "@pi-controller/runtime";

/** Crockford's base 32, as the ULID specification (github.com/ulid/spec) asks for. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;
const MAX_TIME_MS = 2 ** 48 - 1;
/** A wall clock that steps back further than this was set, and ids follow it. */
const MAX_STEP_BACK_MS = 10_000;

/**
 * Makes ULIDs, each greater than the one before. Several within a millisecond, and those made while the
 * clock steps back a little, count on from the last one. After a larger step back (a Pi without a battery
 * learns the time) ids start again at the new time, as they would otherwise lie about it for ever.
 */
export function ulidFactory(components: {
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
}): () => string {
  let lastMs = -1;
  let digits: number[] = [];
  return () => {
    const nowMs = Math.min(Math.max(Math.floor(components.clock.now()), 0), MAX_TIME_MS);
    const steppedBack = nowMs < lastMs - MAX_STEP_BACK_MS;
    if (nowMs > lastMs || steppedBack) {
      lastMs = nowMs;
      digits = freshDigits(components.random);
    } else if (!increment(digits)) {
      // All 2^80 of this millisecond are used up.
      lastMs++;
      digits = freshDigits(components.random);
    }
    return encodeTime(lastMs) + digits.map((digit) => ALPHABET[digit]).join("");
  };
}

function freshDigits(random: Random): number[] {
  return Array.from({ length: RANDOM_LENGTH }, () => randomInteger(random, ALPHABET.length));
}

/** Adds one; false on overflow. */
function increment(digits: number[]): boolean {
  for (let index = digits.length - 1; index >= 0; index--) {
    const digit = (digits[index] ?? 0) + 1;
    digits[index] = digit % ALPHABET.length;
    if (digit < ALPHABET.length) return true;
  }
  return false;
}

function encodeTime(timeMs: number): string {
  let text = "";
  for (let rest = timeMs; text.length < TIME_LENGTH; rest = Math.floor(rest / ALPHABET.length)) {
    text = ALPHABET.charAt(rest % ALPHABET.length) + text;
  }
  return text;
}
