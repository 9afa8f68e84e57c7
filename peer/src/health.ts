import type { Documents } from "@pi-controller/document";
import type { Health } from "@pi-controller/schema";
import type { Trust } from "@pi-controller/security";

/** Whether this peer does its work: for supervisors and load balancers. */
export class PeerHealth {
  readonly #documents: Pick<Documents, "status">;
  readonly #trust: Pick<Trust, "clockStatus">;
  #phase: "starting" | "serving" | "stopping" = "starting";

  constructor(components: {
    readonly documents: Pick<Documents, "status">;
    readonly trust: Pick<Trust, "clockStatus">;
  }) {
    this.#documents = components.documents;
    this.#trust = components.trust;
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
    const behind = this.#trust.clockStatus();
    const serving = this.#phase === "serving";
    return {
      // A full disk is mended by the operator, not by a restart.
      live: true,
      ready: serving && refusal === null,
      checks: [
        { name: "services", ok: serving, detail: this.#phase },
        { name: "storage", ok: refusal === null, detail: refusal ?? "writes are stored" },
        // A wrong clock keeps nobody from working: expiry is judged by a later time.
        {
          name: "clock",
          ok: behind === null,
          detail:
            behind === null
              ? "not behind"
              : `${Math.round(behind.behindByMs / 1_000)} s behind what has happened`,
        },
      ],
    };
  }
}
