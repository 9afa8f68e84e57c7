/** Port: time of the machine, which goes on while this process is not there. */
export interface MachineTime {
  /** Another one after each start of the machine. */
  readonly bootId: string;
  /**
   * Monotonic since then, in ms with a fraction; the same clock for every process of the machine. Needs no `this`: it
   * is handed on alone.
   */
  readonly uptimeMs: () => number;
}
