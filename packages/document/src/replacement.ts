export interface DocumentSize {
  /** Of the document as it is. */
  readonly encodedBytes: number;
  /** Of a fresh one with the same content. */
  readonly freshBytes: number;
}

export interface ReplacementOptions {
  /** What tombstones may take, as a part of the content. */
  readonly overheadFraction: number;
  /** What tombstones may take in any case: a small document is not worth the exchange. */
  readonly overheadBytes: number;
}

/** Whether tombstones outweigh content so far that a document is to be replaced by a fresh one. */
export function wantsReplacement(size: DocumentSize, options: ReplacementOptions): boolean {
  const overhead = size.encodedBytes - size.freshBytes;
  return overhead > Math.max(options.overheadBytes, options.overheadFraction * size.freshBytes);
}
