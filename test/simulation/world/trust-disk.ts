import type { Envelope, TrustStore } from "@pi-controller/security";
import { readEnvelope } from "@pi-controller/security/testing";

type Stored = Pick<
  TrustStore,
  "meshId" | "statements" | "change" | "lastSeenMs" | "rememberTime" | "secrets" | "keepSecrets" | "close"
>;

interface Content {
  readonly envelopes: ReadonlyMap<string, Envelope>;
  readonly secrets: ReturnType<TrustStore["secrets"]>;
  readonly lastSeenMs: number;
}

const EMPTY: Content = { envelopes: new Map(), secrets: [], lastSeenMs: 0 };

/** What a machine keeps of the trust of its mesh: synced with every change, as SQLite does. */
export class TrustDisk implements Stored {
  meshId = "";
  #content: Content = EMPTY;

  /** Makes the machine a member. */
  create(meshId: string, envelopes: readonly Envelope[]): void {
    this.meshId = meshId;
    this.#content = {
      ...EMPTY,
      envelopes: new Map(envelopes.map((envelope) => [readEnvelope(envelope).key, envelope])),
    };
  }

  get isMember(): boolean {
    return this.#content.envelopes.size > 0;
  }

  statements(): ReturnType<TrustStore["statements"]> {
    return { statements: [...this.#content.envelopes.values()].map(readEnvelope), damaged: [] };
  }

  change(changed: Parameters<TrustStore["change"]>[0], dropped: readonly string[]): void {
    const envelopes = new Map(this.#content.envelopes);
    for (const key of dropped) envelopes.delete(key);
    for (const { key, envelope } of changed) envelopes.set(key, envelope);
    this.#content = { ...this.#content, envelopes };
  }

  lastSeenMs(): number {
    return this.#content.lastSeenMs;
  }

  rememberTime(nowMs: number): void {
    this.#content = { ...this.#content, lastSeenMs: Math.floor(nowMs) };
  }

  secrets(): ReturnType<TrustStore["secrets"]> {
    return this.#content.secrets;
  }

  keepSecrets(secrets: ReturnType<TrustStore["secrets"]>): void {
    this.#content = { ...this.#content, secrets: [...secrets] };
  }

  close(): void {
    // Nothing is open.
  }

  snapshot(): Content {
    return this.#content;
  }

  restore(content: Content): void {
    this.#content = content;
  }

  wipe(): void {
    this.#content = EMPTY;
  }
}
