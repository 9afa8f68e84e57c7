/**
 * One change to what is stored. A log is a list of entries under a name; entries are opaque bytes.
 * `replace` makes `entry` the only one of its log.
 */
export type LogChange =
  | { readonly kind: "append"; readonly log: string; readonly entry: Uint8Array }
  | { readonly kind: "replace"; readonly log: string; readonly entry: Uint8Array }
  | { readonly kind: "drop"; readonly log: string };

export interface StoredLog {
  readonly log: string;
  /** In the order of appending; never empty. */
  readonly entries: readonly Uint8Array[];
}

/**
 * Port: logs that survive the process. What a write acknowledged is on the disk, all of it or, before that,
 * nothing. Names of logs are 1 to 512 letters, digits and `/ . _ -`.
 *
 * One writer: no two calls run at the same time.
 */
export interface Store {
  /**
   * @throws MeshError FAILED_PRECONDITION when another process has it open or a newer program wrote it;
   *   DATA_LOSS when it is damaged; RESOURCE_EXHAUSTED when the disk is full; UNAVAILABLE when it cannot be
   *   opened for another reason, as missing permissions
   */
  open(): Promise<void>;
  /**
   * All logs, in no particular order.
   *
   * @throws MeshError DATA_LOSS when a part is damaged or missing. What holds everything up to some write, and nothing
   *   after it, is whole: it cannot be told from a store that was never written to again.
   */
  read(): AsyncIterable<StoredLog>;
  /**
   * All changes or none. Resolves when they would survive a power cut. A refused write can be tried again; it
   * has no effect as long as the process lives.
   *
   * @throws MeshError RESOURCE_EXHAUSTED when the disk is full, UNAVAILABLE for any other failure to write
   */
  write(changes: readonly LogChange[]): Promise<void>;
  /**
   * Moves everything out of the way, for a person to look at, and goes on open and empty. Also after a failed
   * `open`.
   *
   * @param suffix tells this copy from others, as a timestamp
   * @returns where the old data is now
   */
  setAside(suffix: string): Promise<string>;
  /** Safe to call when not open. */
  close(): Promise<void>;
}
