import { jitter, type Random } from "@pi-controller/runtime";

/** An answer waits this long, at random, so that not all answer at once (RFC 6762 section 6). */
const MIN_ANSWER_DELAY_MS = 20;
const MAX_ANSWER_DELAY_MS = 120;
/** With more peers known, answers are spread over a longer time: a hundred a second is what any network can carry. */
const SPREAD_PER_PEER_MS = 10;
/** The same record is not multicast more often on an interface (RFC 6762 section 6). */
export const MIN_ANSWER_INTERVAL_MS = 1_000;

/** An unasked announcement is repeated after these times (RFC 6762 section 8.3). */
export const ANNOUNCEMENT_DELAYS_MS = [0, 1_000, 3_000] as const;

const FIRST_QUESTION_DELAY_MS = 100;
const SECOND_QUESTION_DELAY_MS = 1_000;
const MIN_STEADY_INTERVAL_MS = 30_000;
/** With more peers known, questions come less often: so each question's answers stay a fixed load. */
const INTERVAL_PER_PEER_MS = 1_000;
/** However many peers are known. */
export const MAX_STEADY_INTERVAL_MS = 10 * 60_000;
const JITTER_FRACTION = 0.2;

/**
 * When to answer a question, in ms from now.
 *
 * @param sinceLastMs how long ago the last answer went out on that interface
 * @param knownPeers that probably answer, too
 */
export function answerDelayMs(sinceLastMs: number, random: Random, knownPeers: number): number {
  const spreadMs = Math.max(MAX_ANSWER_DELAY_MS - MIN_ANSWER_DELAY_MS, knownPeers * SPREAD_PER_PEER_MS);
  const delayMs = MIN_ANSWER_DELAY_MS + random.next() * spreadMs;
  return Math.max(delayMs, MIN_ANSWER_INTERVAL_MS - sinceLastMs);
}

/**
 * When to ask the next time, in ms from now: soon at first, then twice as late each time, up to an interval
 * that grows with the number of peers. As a question that another peer asked counts as asked (RFC 6762
 * section 7.3), the packets of a mesh grow with its size and not with its square.
 *
 * @param longestMs the interval grows no further
 */
export function questionDelayMs(
  asked: number,
  knownPeers: number,
  random: Random,
  longestMs = MAX_STEADY_INTERVAL_MS,
): number {
  if (asked === 0) return FIRST_QUESTION_DELAY_MS * random.next();
  const steadyMs = Math.min(MIN_STEADY_INTERVAL_MS + knownPeers * INTERVAL_PER_PEER_MS, longestMs);
  const delayMs = Math.min(SECOND_QUESTION_DELAY_MS * 2 ** Math.min(asked - 1, 20), steadyMs);
  return jitter(random, delayMs, JITTER_FRACTION);
}
