import type { Envelope, TrustStore } from "@pi-controller/security";
import { readEnvelope } from "@pi-controller/security/testing";

type SignedStatement = ReturnType<typeof readEnvelope>;
type Stored = Pick<
  TrustStore,
  "meshId" | "statements" | "change" | "lastSeenMs" | "rememberTime" | "secrets" | "keepSecrets" | "close"
>;
export type Changed = Parameters<TrustStore["change"]>[0];

interface Content {
  readonly envelopes: ReadonlyMap<string, Envelope>;
  readonly secrets: ReturnType<TrustStore["secrets"]>;
  readonly lastSeenMs: number;
  /** Whether all of it is to be forgotten before anything else is done. */
  readonly isForgetting: boolean;
}

const EMPTY: Content = { envelopes: new Map(), secrets: [], lastSeenMs: 0, isForgetting: false };

/** What envelopes say: all machines of a process have the same ones. */
const read = new WeakMap<Envelope, SignedStatement>();

export interface TrustDiskComponents {
  /** Told of statements when they are on the disk. */
  readonly onChange?: (changed: Changed) => void;
}

/** What a machine keeps of the trust of its mesh: synced with every change, as SQLite does. */
export class TrustDisk {
  readonly #onChange: (changed: Changed) => void;
  #meshId = "";
  #content: Content = EMPTY;

  constructor({ onChange }: TrustDiskComponents = {}) {
    this.#onChange = onChange ?? (() => undefined);
  }

  /** Makes the machine a member. */
  create(meshId: string, envelopes: readonly Envelope[]): void {
    this.#meshId = meshId;
    this.#content = {
      ...EMPTY,
      envelopes: new Map(envelopes.map((envelope) => [readOnce(envelope).key, envelope])),
    };
  }

  get isMember(): boolean {
    return this.#content.envelopes.size > 0 && !this.isForgetting;
  }

  get isForgetting(): boolean {
    return this.#content.isForgetting;
  }

  /** What stands on it under a key. */
  envelope(key: string): Envelope | undefined {
    return this.#content.envelopes.get(key);
  }

  /** As one process sees it. @param isAlive whether that process is still there: a dead one writes nothing */
  open(isAlive: () => boolean): Stored {
    const write = (content: Partial<Content>) => {
      if (isAlive()) this.#content = { ...this.#content, ...content };
    };
    return {
      meshId: this.#meshId,
      statements: () => ({
        statements: [...this.#content.envelopes.values()].map(readOnce),
        damaged: [],
      }),
      change: (changed, dropped) => {
        if (!isAlive()) return;
        const envelopes = new Map(this.#content.envelopes);
        for (const key of dropped) envelopes.delete(key);
        for (const { key, envelope } of changed) envelopes.set(key, envelope);
        write({ envelopes });
        this.#onChange(changed);
      },
      lastSeenMs: () => this.#content.lastSeenMs,
      rememberTime: (nowMs) => write({ lastSeenMs: Math.floor(nowMs) }),
      secrets: () => this.#content.secrets,
      keepSecrets: (secrets) => write({ secrets: [...secrets] }),
      close: () => undefined,
    };
  }

  snapshot(): Content {
    return this.#content;
  }

  restore(content: Content): void {
    this.#content = content;
  }

  /** Writes down that all is to be forgotten. */
  markForgetting(): void {
    this.#content = { ...this.#content, isForgetting: true };
  }
}

function readOnce(envelope: Envelope): SignedStatement {
  const known = read.get(envelope) ?? readEnvelope(envelope);
  read.set(envelope, known);
  return known;
}
