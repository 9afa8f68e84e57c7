import { type ChainedText, hashOf, parseRecord } from "./audit-record.ts";

/** A place in a chain: a record and its hash. */
export interface ChainPoint {
  readonly sequence: number;
  readonly hash: string;
}

export interface ChainCheck {
  readonly last: ChainPoint;
  readonly problems: number;
  /** What is wrong first; undefined while nothing is. */
  readonly firstProblem: { readonly sequence: number; readonly detail: string } | undefined;
}

/** @param anchor what the first record that is kept is chained to */
export function beginCheck(anchor: ChainPoint): ChainCheck {
  return { last: anchor, problems: 0, firstProblem: undefined };
}

/** Pure: goes one record further. After a problem it goes on from what is there, so that all of them are counted. */
export function checkNext(check: ChainCheck, row: ChainedText): ChainCheck {
  const { sequence, hash } = row;
  const detail = problemOf(check.last, row);
  const last = { sequence, hash };
  return detail === undefined ? { ...check, last } : { ...withProblem(check, sequence, detail), last };
}

/** Pure: ends a check. @param head the newest record, as the log remembers it beside the records */
export function endCheck(check: ChainCheck, head: ChainPoint): ChainCheck {
  const { last } = check;
  if (last.sequence === head.sequence && last.hash === head.hash) return check;
  const detail =
    last.sequence < head.sequence
      ? `records ${last.sequence + 1} to ${head.sequence} are missing`
      : "the newest record is not the one that was written last";
  return withProblem(check, Math.min(last.sequence + 1, head.sequence), detail);
}

function problemOf(last: ChainPoint, row: ChainedText): string | undefined {
  const { sequence, text, hash } = row;
  if (sequence > last.sequence + 1) return `records ${last.sequence + 1} to ${sequence - 1} are missing`;
  if (sequence <= last.sequence) return `record ${sequence} is not in its place`;
  if (hashOf(last.hash, text) !== hash) return `record ${sequence} was changed`;
  return parseRecord(row)?.sequence === sequence ? undefined : `record ${sequence} was changed`;
}

function withProblem(check: ChainCheck, sequence: number, detail: string): ChainCheck {
  return {
    ...check,
    problems: check.problems + 1,
    firstProblem: check.firstProblem ?? { sequence, detail },
  };
}
