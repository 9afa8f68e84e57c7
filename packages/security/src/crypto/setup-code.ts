import { grouped, isCrockford, normaliseCrockford, randomCrockford } from "./crockford.ts";

/** 100 bits: out of reach of guessing, even for who holds a recording of an enrolment. */
const CODE_DIGITS = 20;
const GROUP = 5;
/** A code in a link that was scanned or pasted, as `https://192.168.1.20:8080/#setup=CODE`. */
const IN_LINK = /#(?:.*&)?setup=([^&]*)/;

/** A new set-up code, as `XXXXX-XXXXX-XXXXX-XXXXX`. */
export function newSetupCode(): string {
  return grouped(randomCrockford(CODE_DIGITS), GROUP);
}

/**
 * A set-up code as people write, scan or paste it.
 *
 * @returns it as `newSetupCode` writes it; undefined when it can be no code
 */
export function parseSetupCode(text: string): string | undefined {
  const code = normaliseCrockford(IN_LINK.exec(text)?.[1] ?? text);
  return code.length === CODE_DIGITS && isCrockford(code) ? grouped(code, GROUP) : undefined;
}
