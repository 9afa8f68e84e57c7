import type { PeerGate } from "../gate/gate.ts";

/** Lets all pass but those that the test says. */
export class ScriptedGate implements PeerGate {
  readonly #denied: Set<string>;
  readonly #listeners = new Set<() => void>();

  constructor(...denied: string[]) {
    this.#denied = new Set(denied);
  }

  allows(peer: string): boolean {
    return !this.#denied.has(peer);
  }

  observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  allow(peer: string): void {
    this.#denied.delete(peer);
    for (const listener of this.#listeners) listener();
  }

  deny(peer: string): void {
    this.#denied.add(peer);
    for (const listener of this.#listeners) listener();
  }
}
