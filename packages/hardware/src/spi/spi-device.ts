/** What is used here of the npm package spi-device 3. */
export interface NativeSpiDevice {
  transfer(message: readonly NativeSpiTransfer[], done: (error: Error | null | undefined) => void): void;
  setOptions(options: NativeSpiOptions, done: (error: Error | null | undefined) => void): void;
  close(done: (error: Error | null | undefined) => void): void;
}

export interface NativeSpiTransfer {
  readonly sendBuffer: Buffer;
  readonly receiveBuffer: Buffer;
  readonly byteLength: number;
}

export interface NativeSpiOptions {
  readonly mode: 0 | 1 | 2 | 3;
  readonly bitsPerWord: number;
  readonly maxSpeedHz: number;
}

export interface NativeSpi {
  open(bus: number, chipSelect: number, done: (error: Error | null | undefined) => void): NativeSpiDevice;
}
