import { formatCountdown } from "../format/countdown.ts";
import { useSecond } from "../time/use-second.ts";
import { Icon } from "./icon.tsx";

interface Properties {
  /** Monotonic time in ms. */
  readonly until: number;
  readonly what: string;
}

/** Counts down until the peer takes another attempt; nothing when it does already. */
export function Lockout({ until, what: reason }: Properties) {
  const remainingMs = until - useSecond();
  // What peers say ends without a full stop.
  const what = /[.!?]$/.test(reason) ? reason : `${reason}.`;
  if (remainingMs <= 0) return null;
  return (
    <p class="lockout">
      <Icon name="suspect" />
      <span>
        <span class="visually-hidden" role="alert">
          Locked for a while: {what}
        </span>
        <span aria-hidden="true">{what}</span> Try again in <b role="timer">{formatCountdown(remainingMs)}</b>
        .
      </span>
    </p>
  );
}

/** Whether a lock-out is over; renders again when it is. */
export function useLocked(until: number | null): boolean {
  const now = useSecond();
  return until !== null && until > now;
}
