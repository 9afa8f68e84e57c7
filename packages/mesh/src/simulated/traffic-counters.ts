import type { ParcelKind } from "./parcel.ts";

/** How much of one kind. */
export interface Tally {
  messages: number;
  bytes: number;
}

/** What went one way. */
export class Traffic {
  readonly total: Tally = { messages: 0, bytes: 0 };
  /** By method. */
  readonly requests = new Map<string, Tally>();
  /** By method of the request. */
  readonly answers = new Map<string, Tally>();
  /** By topic; also copies of what the other side has heard already. */
  readonly gossip = new Map<string, Tally>();
  /** Connecting, closing, cancelling: by what it is. */
  readonly control = new Map<string, Tally>();

  add(kind: ParcelKind, name: string, bytes: number): void {
    this.total.messages++;
    this.total.bytes += bytes;
    const tallies = this.#of(kind);
    const tally = tallies.get(name);
    if (tally === undefined) tallies.set(name, { messages: 1, bytes });
    else {
      tally.messages++;
      tally.bytes += bytes;
    }
  }

  #of(kind: ParcelKind): Map<string, Tally> {
    switch (kind) {
      case "request":
        return this.requests;
      case "answer":
        return this.answers;
      case "gossip":
        return this.gossip;
      case "control":
        return this.control;
    }
  }
}

/** What one machine has sent, received and held since it exists. */
export class MachineCounters {
  readonly sent = new Traffic();
  readonly received = new Traffic();
  connectionsOpened = 0;
  connectionsOpen = 0;
  connectionsPeak = 0;
  /** Most messages and timers that waited for a process that stood still. */
  backlogPeak = 0;

  connectionOpened(): void {
    this.connectionsOpened++;
    this.connectionsOpen++;
    if (this.connectionsOpen > this.connectionsPeak) this.connectionsPeak = this.connectionsOpen;
  }

  connectionClosed(): void {
    this.connectionsOpen--;
  }
}
