/** What a line of a peer's log says about another peer. */
export interface LoggedChange {
  /** Who was seen. */
  readonly node: string;
  readonly state: string;
  /** By the wall clock of the one who saw it, in ms; not a number in a line without time. */
  readonly atMs: number;
}

/** As `{"level":"info","time":"2026-...",...,"node":"12D3Koo...","previous":"alive","state":"dead",...}`. */
export function readChange(line: string): LoggedChange | undefined {
  const change = /"node":"([^"]+)","previous":"\w+","state":"(\w+)"/.exec(line);
  if (change === null) return undefined;
  const time = /"time":"([^"]+)"/.exec(line)?.[1] ?? "";
  return { node: change[1] ?? "", state: change[2] ?? "", atMs: Date.parse(time) };
}
