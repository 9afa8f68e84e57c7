/** A grant of a pin, as whoever got it knows of it. Times are of one clock, in ms. */
export interface Grant {
  readonly owner: string;
  readonly resource: string;
  readonly id: string;
  readonly token: string;
  /** When it was asked for, and when the answer was there. */
  readonly sentMs: number;
  readonly acknowledgedMs: number;
  /** Until then it stands for certain: the term counts from when it was asked for, or renewed, at the earliest. */
  standsUntilMs: number;
  /** From then on it is over for certain: the term counts from the last answer at the latest. */
  overFromMs: number;
}

/** A write that was accepted. */
export interface AcceptedWrite {
  readonly grant: Grant;
  readonly sentMs: number;
}

/** What clients were told of pins. */
export interface PinHistory {
  readonly grants: readonly Grant[];
  readonly writes: readonly AcceptedWrite[];
}

/** Everything in a history that cannot be if a pin has one holder at a time and tokens fence off former ones. */
export function contradictions(history: PinHistory): string[] {
  return [...twoHolders(history), ...tokensOutOfOrder(history), ...staleWrites(history)];
}

function twoHolders({ grants }: PinHistory): string[] {
  return pairs(grants)
    .filter(([one, other]) => one.owner === other.owner && one.resource === other.resource)
    .filter(
      ([one, other]) => one.acknowledgedMs < other.standsUntilMs && other.acknowledgedMs < one.standsUntilMs,
    )
    .map(([one, other]) => `two hold a pin: ${describe(one)} and ${describe(other)}`);
}

function tokensOutOfOrder({ grants }: PinHistory): string[] {
  return pairs(grants)
    .filter(([one, other]) => one.owner === other.owner)
    .flatMap(([one, other]) => {
      const order = compareTokens(one.token, other.token);
      if (order === 0) return [`a token was given out twice: ${describe(one)} and ${describe(other)}`];
      const [lower, higher] = order < 0 ? [one, other] : [other, one];
      if (higher.acknowledgedMs >= lower.sentMs) return [];
      return [`a later grant has a lower token: ${describe(higher)}, then ${describe(lower)}`];
    });
}

function staleWrites({ grants, writes }: PinHistory): string[] {
  return writes.flatMap(({ grant, sentMs }) => {
    const newer = grants.find(
      (other) =>
        other.owner === grant.owner &&
        other.resource === grant.resource &&
        compareTokens(other.token, grant.token) > 0 &&
        other.acknowledgedMs < sentMs,
    );
    const at = `a write sent at ${sentMs.toFixed(0)} was accepted under ${describe(grant)}`;
    if (newer !== undefined) return [`${at}, after ${describe(newer)}`];
    return sentMs > grant.overFromMs ? [`${at}, which was over`] : [];
  });
}

/** Tokens are `<boot epoch>.<number>`: the first number counts first. Negative when `one` is lower. */
export function compareTokens(one: string, other: string): number {
  const [[epoch = 0, number = 0], [otherEpoch = 0, otherNumber = 0]] = [one, other].map((token) =>
    token.split(".").map(Number),
  ) as [number[], number[]];
  return epoch - otherEpoch || number - otherNumber;
}

function describe(grant: Grant): string {
  const { owner, resource, id, token, sentMs, acknowledgedMs, standsUntilMs, overFromMs } = grant;
  const times = [sentMs, acknowledgedMs, standsUntilMs, overFromMs].map((ms) => ms.toFixed(0)).join(", ");
  return `${resource} of ${owner}, ${id} with token ${token} (asked, granted, stands until, over from: ${times})`;
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((one, index) => items.slice(index + 1).map((other): [T, T] => [one, other]));
}
