/** How patience runs out with whoever fails again and again. */
export interface AttemptPolicy {
  /** This many failures cost nothing: people mistype. */
  readonly free: number;
  /** Wait after the first failure that costs; doubles with each one after it. */
  readonly initialMs: number;
  readonly maximumMs: number;
  /** Failures are forgotten when there was none for this long. */
  readonly forgetAfterMs: number;
}

/** What is remembered of a sender, or of a user name. */
export interface Attempts {
  readonly failures: number;
  /** When the last of them was; monotonic. */
  readonly lastAtMs: number;
}

/** @returns the failures that still count. Pure, as all here */
export function failuresAt(attempts: Attempts | undefined, policy: AttemptPolicy, nowMs: number): number {
  if (attempts === undefined || nowMs - attempts.lastAtMs >= policy.forgetAfterMs) return 0;
  return attempts.failures;
}

/** @returns how long to wait after so many failures in a row, from the last one, in ms */
export function penaltyMs(failures: number, policy: AttemptPolicy): number {
  if (failures < policy.free) return 0;
  return Math.min(policy.initialMs * 2 ** Math.min(failures - policy.free, 30), policy.maximumMs);
}

/** @returns after how many ms the next attempt may be made; 0 for at once */
export function retryAfterMs(attempts: Attempts | undefined, policy: AttemptPolicy, nowMs: number): number {
  if (attempts === undefined) return 0;
  const waitMs = penaltyMs(failuresAt(attempts, policy, nowMs), policy);
  return Math.max(0, attempts.lastAtMs + waitMs - nowMs);
}

export function afterFailure(attempts: Attempts | undefined, policy: AttemptPolicy, nowMs: number): Attempts {
  return { failures: failuresAt(attempts, policy, nowMs) + 1, lastAtMs: nowMs };
}
