import type { Clock, Timer } from "@pi-controller/runtime";
import type { AuditEntry } from "@pi-controller/security";

interface Repeated {
  /** The last one. */
  entry: AuditEntry;
  /** How often it was done since the last record of it. */
  count: number;
}

const WINDOW_MS = 15 * 60_000;
/** Of one user and one thing each; where there are more the one that began first is recorded at once. */
const MAX_KEPT = 1_024;

/**
 * Records what programs do many times a second, such as driving a pin or renewing a lease: the first time at once,
 * after that once in a while with how often. One by one, ten busy pins would push everything else out of the log in
 * minutes, and wear out the card. Nothing is lost by it that the log is for: only the holder can do these, and who
 * became one, when and until when, is recorded one by one, as is everything that was refused. A peer that is killed
 * loses the counts of the last minutes.
 */
export class RepeatedActs {
  readonly #components: { readonly record: (entry: AuditEntry) => void; readonly clock: Clock };
  /** By who did what to what, in the order in which they began. */
  readonly #acts = new Map<string, Repeated>();
  #timer: Timer | undefined;

  constructor(components: { readonly record: (entry: AuditEntry) => void; readonly clock: Clock }) {
    this.#components = components;
  }

  add(entry: AuditEntry): void {
    const key = JSON.stringify([entry.userId ?? entry.actor, entry.action, entry.target]);
    const known = this.#acts.get(key);
    if (known !== undefined) {
      known.entry = entry;
      known.count += 1;
      return;
    }
    this.#components.record(entry);
    this.#acts.set(key, { entry, count: 0 });
    if (this.#acts.size > MAX_KEPT) this.#forgetOldest();
    this.#timer ??= this.#components.clock.setTimer(() => this.#endWindow(), WINDOW_MS);
  }

  /** Records what is still only counted. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const act of this.#acts.values()) this.#recordCount(act);
    this.#acts.clear();
  }

  #endWindow(): void {
    this.#timer = undefined;
    for (const [key, act] of this.#acts) {
      if (act.count === 0) this.#acts.delete(key);
      else this.#recordCount(act);
    }
    if (this.#acts.size > 0) {
      this.#timer = this.#components.clock.setTimer(() => this.#endWindow(), WINDOW_MS);
    }
  }

  #recordCount(act: Repeated): void {
    const { entry, count } = act;
    if (count === 0) return;
    act.count = 0;
    const times = count === 1 ? "once more" : `${count} times more`;
    this.#components.record({ ...entry, detail: `${entry.detail}, ${times} since the last record of it` });
  }

  #forgetOldest(): void {
    for (const [key, act] of this.#acts) {
      this.#acts.delete(key);
      this.#recordCount(act);
      return;
    }
  }
}
