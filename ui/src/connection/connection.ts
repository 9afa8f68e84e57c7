/** How this page stands with the peer that it talks to. Times are monotonic, in ms. */
export interface ConnectionState {
  readonly phase: "connecting" | "connected" | "lost";
  /** When the peer answered last; null when it never did. */
  readonly lastAnswerAt: number | null;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** When the next attempt is due; null while one is under way or none is needed. */
  readonly retryAt: number | null;
  /** What the last failed attempt said. */
  readonly reason: string | null;
  /** Grows each time the peer is back, so that pages know to fetch everything anew. */
  readonly reconnects: number;
}

export type ConnectionChange =
  | { readonly kind: "attempted" }
  | { readonly kind: "answered"; readonly now: number }
  /** @property chance a random number in [0, 1) */
  | { readonly kind: "failed"; readonly now: number; readonly reason: string; readonly chance: number };

export const initialConnection: ConnectionState = {
  phase: "connecting",
  lastAnswerAt: null,
  failures: 0,
  retryAt: null,
  reason: null,
  reconnects: 0,
};

const FIRST_RETRY_MS = 1000;
const SLOWEST_RETRY_MS = 5000;
/** Pages that lost the same peer together do not come back in step. */
const JITTER = 0.2;

/** The state after what happened. */
export function nextConnection(state: ConnectionState, change: ConnectionChange): ConnectionState {
  if (change.kind === "attempted") return { ...state, retryAt: null };
  if (change.kind === "answered") {
    return {
      phase: "connected",
      lastAnswerAt: change.now,
      failures: 0,
      retryAt: null,
      reason: null,
      reconnects: state.reconnects + (state.phase === "lost" ? 1 : 0),
    };
  }
  const failures = state.failures + 1;
  return {
    ...state,
    phase: "lost",
    failures,
    retryAt: change.now + retryDelayMs(failures, change.chance),
    reason: change.reason,
  };
}

/** How long to wait after so many failures in a row: doubles from 1 s up to 5 s, give or take a fifth. */
export function retryDelayMs(failures: number, chance: number): number {
  const waitMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30), SLOWEST_RETRY_MS);
  return waitMs * (1 + JITTER * (2 * chance - 1));
}
