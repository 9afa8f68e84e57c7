import { MeshError } from "@pi-controller/schema";

/** Nothing is granted or written before the ledger was rebuilt, nor after the stop. */
export class Gate {
  #isOpen = false;

  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
  }

  /** @throws MeshError UNAVAILABLE */
  demandOpen(): void {
    if (!this.#isOpen) throw new MeshError("UNAVAILABLE", "The pins of this node are not ready");
  }
}
