/** A device on a simulated bus. Each method is one transfer, from start to stop condition. */
export interface SimulatedI2cDevice {
  write(bytes: readonly number[]): void;
  read(length: number): readonly number[];
}

const REGISTERS = 256;

/**
 * 256 registers of one byte behind a pointer that each byte moves on, which is how most sensors look: the first byte
 * of a write sets the pointer, the others are stored, a read begins at the pointer.
 *
 * @param initial what registers hold at first; 0 where it says nothing
 */
export function registerMemory(initial: Readonly<Record<number, number>> = {}): SimulatedI2cDevice {
  const registers = new Uint8Array(REGISTERS);
  for (const [register, value] of Object.entries(initial)) registers[Number(register)] = value;
  let pointer = 0;
  const next = () => {
    const current = pointer;
    pointer = (pointer + 1) % REGISTERS;
    return current;
  };
  return {
    write(bytes) {
      const [register, ...values] = bytes;
      if (register !== undefined) pointer = register;
      for (const value of values) registers[next()] = value;
    },
    read: (length) => Array.from({ length }, () => registers[next()] ?? 0),
  };
}

/**
 * What looks like an LM75 thermometer: register 0 holds the temperature in steps of 1/2 °C, as nine bits at the top of
 * two bytes (LM75 datasheet, "Temperature data format").
 *
 * @param celsius asked at each read
 */
export function simulatedThermometer(celsius: () => number): SimulatedI2cDevice {
  const memory = registerMemory();
  let pointer = 0;
  return {
    write(bytes) {
      pointer = bytes[0] ?? pointer;
      memory.write(bytes);
    },
    read(length) {
      if (pointer !== 0) return memory.read(length);
      const halves = (Math.round(celsius() * 2) & 0x1ff) << 7;
      const temperature = [halves >> 8, halves & 0xff];
      return Array.from({ length }, (_, index) => temperature[index % 2] ?? 0);
    },
  };
}
