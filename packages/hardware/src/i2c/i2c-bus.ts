/** What is used here of a bus of the npm package i2c-bus 5. Buffers must be as long as what is read or written. */
export interface NativeI2cBus {
  i2cFuncs(): Promise<{ readonly smbusQuick: boolean; readonly smbusReceiveByte: boolean }>;
  receiveByte(address: number): Promise<number>;
  writeQuick(address: number, bit: 0 | 1): Promise<void>;
  readByte(address: number, register: number): Promise<number>;
  writeByte(address: number, register: number, byte: number): Promise<void>;
  readI2cBlock(
    address: number,
    register: number,
    length: number,
    buffer: Buffer,
  ): Promise<{ readonly bytesRead: number }>;
  writeI2cBlock(address: number, register: number, length: number, buffer: Buffer): Promise<unknown>;
  i2cRead(address: number, length: number, buffer: Buffer): Promise<{ readonly bytesRead: number }>;
  i2cWrite(address: number, length: number, buffer: Buffer): Promise<{ readonly bytesWritten: number }>;
  close(): Promise<void>;
}

export interface NativeI2c {
  /** Touches no file: whether the bus is there shows with its first use. */
  openPromisified(bus: number): Promise<NativeI2cBus>;
}
