/** A database of this peer, and what it is called before the person who runs the peer. */
export interface DatabaseFile {
  /** Path in an existing folder, or `:memory:`. */
  readonly path: string;
  /** Such as `event log`. */
  readonly name: string;
  /** What a person can do when it is damaged: a sentence without its full stop. */
  readonly remedy?: string;
}
