/** How a device wants to be spoken to: its data sheet says. */
export interface SpiSettings {
  /** Polarity of the clock (2) and phase (1), added. */
  readonly mode: 0 | 1 | 2 | 3;
  readonly speedHz: number;
  readonly bitsPerWord: 8 | 16;
}

/** Port: SPI devices of the header. Transfers on one device never overlap. */
export interface SpiDriver {
  /** As `0.0`: bus and chip select. */
  devices(): readonly string[];
  /**
   * Full duplex: for each transfer as many bytes come back as go out; the chip stays selected over all of them. Bytes
   * are in the order on the wire, so that of a word of 16 bits the high one comes first.
   *
   * @throws MeshError NOT_FOUND when there is no such device, PERMISSION_DENIED, FAILED_PRECONDITION when a native part
   *   is missing (says what to install), OUT_OF_RANGE for settings that the controller cannot do, UNAVAILABLE
   */
  transact(
    device: string,
    settings: SpiSettings,
    transfers: readonly (readonly number[])[],
  ): Promise<readonly (readonly number[])[]>;
  stop(): Promise<void>;
}
