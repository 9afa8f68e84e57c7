import type { GpioValue, ReservationRecord } from "@pi-controller/schema";
import type { Claim, EndReason, Entry } from "../ledger/ledger.ts";
import { isDriven } from "../ledger/validate-request.ts";
import { PinState } from "./pin-state.ts";

/**
 * `waiting` stands in line; `setting-up` is granted, with hardware that does not do what it should yet; `held` may be
 * written; `ended` goes to its safe state or did, and nobody may write it any more.
 */
export type Phase = "waiting" | "setting-up" | "held" | "ended";

/** One reservation in memory: the record as it is on the disk, and what changes too often to be written down. */
export class Reservation implements Entry {
  record: ReservationRecord;
  readonly claims: readonly Claim[];
  /** BCM number; null for a device on a bus. */
  readonly line: number | null;
  /** Whether it makes its pin drive something, so that it needs a safe state. */
  readonly isDriven: boolean;
  readonly pin = new PinState();
  /** False for one of another board, or of a pin that is somebody else's by now: what it names is left alone. */
  ownsHardware = true;
  phase: Phase;
  endsAtMs: number | null = null;
  /** The term as renewed last. */
  ttlMs: number | null;
  lastWriteMs = 0;
  /** Wall clock, in ms, of the last value for its pin: when it was written, or signed for an owner that was away. */
  valueOfMs = 0;
  /** What was last driven for a holder who wants it kept; on its way to the disk, if it is not there. */
  kept: GpioValue | null;
  /** How many values are on their way to the disk. */
  keeping = 0;
  /** Set once it has ended. */
  end: { readonly reason: EndReason; readonly by: string } | null = null;

  constructor(record: ReservationRecord, claims: readonly Claim[], phase: Phase) {
    this.record = record;
    this.claims = claims;
    this.phase = phase;
    this.ttlMs = record.ttlMs;
    this.kept = record.desired;
    this.line = lineOf(record.resource);
    this.isDriven = isDriven(record.mode);
  }

  get id(): string {
    return this.record.id;
  }
}

/** @param resource canonical, as `GPIO18` */
function lineOf(resource: string): number | null {
  const digits = /^GPIO(\d+)$/.exec(resource)?.[1];
  return digits === undefined ? null : Number(digits);
}
