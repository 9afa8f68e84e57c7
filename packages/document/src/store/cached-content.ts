import { LogContent } from "./log-content.ts";
import type { LogChange } from "./store.ts";

/** What a disk says that it holds, of which the newest may be in its cache alone. */
export class CachedContent {
  #current = new LogContent();
  #lastWritesAtRisk = 0;
  /** What is on the disk for certain; not kept while nothing is at risk. */
  #certain = new LogContent();
  /** The writes after that. */
  #atRisk: (readonly LogChange[])[] = [];

  get current(): LogContent {
    return this.#current;
  }

  /** How many of the newest writes a power cut takes. */
  get lastWritesAtRisk(): number {
    return this.#lastWritesAtRisk;
  }

  set lastWritesAtRisk(count: number) {
    const wasNone = this.#lastWritesAtRisk === 0;
    this.#lastWritesAtRisk = count;
    if (wasNone || count === 0) this.replace(this.#current);
    this.#flush();
  }

  apply(changes: readonly LogChange[]): void {
    this.#current.apply(changes);
    if (this.#lastWritesAtRisk === 0) return;
    this.#atRisk.push(changes);
    this.#flush();
  }

  /** Puts other content in its place, for certain. */
  replace(content: LogContent): void {
    this.#current = content;
    this.#certain = this.#lastWritesAtRisk === 0 ? new LogContent() : content.copy();
    this.#atRisk = [];
  }

  cutPower(): void {
    if (this.#lastWritesAtRisk > 0) this.replace(this.#certain);
  }

  #flush(): void {
    while (this.#atRisk.length > this.#lastWritesAtRisk) this.#certain.apply(this.#atRisk.shift() ?? []);
  }
}
