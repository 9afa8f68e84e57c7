import { MeshError } from "@pi-controller/schema";
import type { ByteBudget } from "./byte-budget.ts";

/** One payload that arrives in parts. Memory is taken as the parts come, not as they are announced. */
export class RequestAssembly {
  readonly #budget: ByteBudget;
  readonly #totalBytes: number;
  #parts: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(budget: ByteBudget, totalBytes: number) {
    this.#budget = budget;
    this.#totalBytes = totalBytes;
  }

  get complete(): boolean {
    return this.#heldBytes === this.#totalBytes;
  }

  /**
   * @returns false when there is no memory for it; the payload is then lost
   * @throws MeshError INVALID_ARGUMENT when more comes than was announced
   */
  add(part: Uint8Array): boolean {
    if (this.#heldBytes + part.byteLength > this.#totalBytes) {
      throw new MeshError("INVALID_ARGUMENT", "The peer sent more payload than announced");
    }
    if (!this.#budget.take(part.byteLength)) return false;
    this.#heldBytes += part.byteLength;
    this.#parts.push(part);
    return true;
  }

  /** The payload, once complete. Its memory counts until `release`. */
  payload(): Uint8Array {
    const [only] = this.#parts;
    if (only !== undefined && this.#parts.length === 1) return only;
    const payload = Buffer.concat(this.#parts);
    this.#parts = [];
    // A plain view: who gets it may look at the class or at `slice`, where Buffer differs.
    return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  release(): void {
    this.#budget.give(this.#heldBytes);
    this.#heldBytes = 0;
    this.#parts = [];
  }
}
