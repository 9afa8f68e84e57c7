/** How good a new password is, as far as a page can tell without a list of all that were ever stolen. */
export interface PasswordAdvice {
  /** `short`: will be refused. The others are taken. */
  readonly level: "short" | "weak" | "fair" | "good";
  readonly text: string;
}

/** As the peer's rule has it (`newPasswordSchema`). */
const MIN_LENGTH = 12;
const GOOD_LENGTH = 18;
/** With fewer different characters than these, length is repetition. */
const MIN_DIFFERENT = 6;

/** What people think of first; more would not help, for an attacker has the long list. */
const common = [
  "password",
  "passwort",
  "raspberry",
  "qwerty",
  "qwertz",
  "letmein",
  "welcome",
  "admin",
  "12345",
];

/**
 * Advice on a password while it is typed. Length counts for more than kinds of characters (NIST SP 800-63B,
 * appendix A.2).
 *
 * @param context words that an attacker would try first, such as the user's and the mesh's name
 */
export function passwordAdvice(password: string, context: readonly string[] = []): PasswordAdvice {
  // As the schema counts: UTF-16 units.
  const { length } = password;
  if (length < MIN_LENGTH) {
    const missing = MIN_LENGTH - length;
    const text = `${missing} more character${missing === 1 ? "" : "s"}. Four or five words that do not belong together are strong and easy to type.`;
    return { level: "short", text };
  }
  const guess = [
    ...common,
    ...context.map((word) => word.toLowerCase()).filter((word) => word.length > 2),
  ].find((word) => password.toLowerCase().includes(word));
  const rest = guess === undefined ? length : length - guess.length;
  if (guess !== undefined && rest < MIN_LENGTH)
    return { level: "weak", text: `Weak: “${guess}” is what an attacker tries first.` };
  if (new Set(password).size < MIN_DIFFERENT || isSequence(password))
    return { level: "weak", text: "Weak: it repeats itself." };
  if (rest < GOOD_LENGTH) return { level: "fair", text: "Fair. Longer is better: add another word." };
  return { level: "good", text: "Good." };
}

/** Mostly steps of one: `abcdefghijkl`, `123456789012`. */
function isSequence(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).filter((code, index) => Math.abs(code - (codes[index] ?? 0)) === 1);
  return steps.length > codes.length * 0.7;
}
