import { readEnvelope, type SignedStatement } from "./signed-statement.ts";
import type { Envelope } from "./statements.ts";

const MAX_KEPT = 1_000;
const MAX_KEPT_LENGTH = 4_096;

/**
 * Statements that were refused lately, as they were read: whoever sends them again and again does not have their
 * signatures checked again and again. Bounded to some megabytes.
 */
export class RecentStatements {
  /** In the order of arrival. */
  readonly #kept = new Map<string, SignedStatement>();

  /** @throws MeshError INVALID_ARGUMENT when it is no envelope */
  read(envelope: Envelope): SignedStatement {
    return this.#kept.get(nameOf(envelope)) ?? readEnvelope(envelope);
  }

  remember(signed: SignedStatement): void {
    const name = nameOf(signed.envelope);
    if (name.length > MAX_KEPT_LENGTH) return;
    this.#kept.set(name, signed);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

function nameOf(envelope: Envelope): string {
  return JSON.stringify(envelope);
}
