/** Digits of a set-up code: 100 bits in Crockford's base 32, which has no I, L, O and U. */
export const SETUP_CODE_DIGITS = 20;
const GROUP = 5;
const DIGIT = /^[0-9A-HJKMNP-TV-Z]$/;

/** What somebody has entered as a set-up code. */
export type EnteredCode =
  | { readonly state: "empty" }
  | { readonly state: "complete"; readonly code: string }
  | { readonly state: "incomplete"; readonly digits: number; readonly problem: string };

/**
 * Reads a set-up code as people write, paste or scan it: case, spaces and dashes do not matter, I and L count as
 * 1, O as 0 (Crockford's base 32), and the address of a set-up page with the code in it will do. Saying what is
 * wrong here spares an attempt: they are limited.
 */
export function readSetupCode(text: string): EnteredCode {
  const digits = Array.from(plainDigits(text));
  if (digits.length === 0) return { state: "empty" };
  const stranger = digits.find((digit) => !DIGIT.test(digit));
  if (stranger !== undefined) {
    return { state: "incomplete", digits: digits.length, problem: `A set-up code has no “${stranger}”` };
  }
  if (digits.length === SETUP_CODE_DIGITS) return { state: "complete", code: groupDigits(digits.join("")) };
  const problem = `${digits.length} of ${SETUP_CODE_DIGITS} characters`;
  return { state: "incomplete", digits: digits.length, problem };
}

/** The code that the fragment of an address carries, as `#setup=XXXXX-...`; null when it carries none. */
export function codeOfFragment(fragment: string): string | null {
  return /^#(?:.*&)?setup=([^&]+)/.exec(fragment)?.[1] ?? null;
}

function plainDigits(text: string): string {
  const code = /[#&]setup=([^&\s]+)/.exec(text)?.[1] ?? text;
  return code
    .replaceAll("%20", "")
    .replace(/[\s\-–—_.]/g, "")
    .toUpperCase()
    .replace(/[IL]/g, "1")
    .replaceAll("O", "0");
}

function groupDigits(digits: string): string {
  return digits.match(new RegExp(`.{1,${GROUP}}`, "g"))?.join("-") ?? "";
}
