import type { Documents } from "@pi-controller/document";
import type { Health } from "@pi-controller/schema";

/** Whether this peer does its work: for supervisors and load balancers. */
export class PeerHealth {
  readonly #documents: Pick<Documents, "status">;
  #phase: "starting" | "serving" | "stopping" = "starting";

  constructor(components: { readonly documents: Pick<Documents, "status"> }) {
    this.#documents = components.documents;
  }

  started(): void {
    this.#phase = "serving";
  }

  /** @returns whether the peer was serving until now */
  stopping(): boolean {
    const serving = this.#phase === "serving";
    this.#phase = "stopping";
    return serving;
  }

  check(): Health {
    const { refusal } = this.#documents.status();
    const serving = this.#phase === "serving";
    return {
      // A full disk is mended by the operator, not by a restart.
      live: true,
      ready: serving && refusal === null,
      checks: [
        { name: "services", ok: serving, detail: this.#phase },
        { name: "storage", ok: refusal === null, detail: refusal ?? "writes are stored" },
      ],
    };
  }
}
