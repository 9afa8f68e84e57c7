import { MeshError } from "@pi-controller/schema";

/**
 * The commands of pigpiod that are used here, by their numbers in its socket interface.
 * Source: pigpio.h, "PI_CMD_", and abyz.me.uk/rpi/pigpio/sif.html.
 */
export const command = {
  /** Mode of a GPIO: 0 input, 1 output. */
  MODES: 0,
  PUD: 2,
  READ: 3,
  WRITE: 4,
  PWM: 5,
  /** Range of the duty cycle. */
  PRS: 6,
  /** Frequency of PWM by DMA; gives the one that it has become. */
  PFS: 7,
  /** Levels of GPIO0 to 31, as bits. */
  BR1: 10,
  /** Clears those of GPIO0 to 31 whose bits are set; BS1 sets them. */
  BC1: 12,
  BS1: 14,
  /** Microseconds, 32 bits. */
  TICK: 16,
  /** Begins to report changes of the GPIOs whose bits are set. */
  NB: 19,
  NC: 21,
  /** Range of the duty cycle, of either kind of PWM. */
  PRG: 22,
  /** Frequency of PWM, of either kind. */
  PFG: 23,
  /** Range that the hardware has at the frequency now. */
  PRRG: 24,
  PIGPV: 26,
  /** Duty cycle of PWM, of either kind. */
  GDC: 83,
  /** Hardware PWM: frequency, and as extension the duty cycle in millionths. */
  HP: 86,
  /** Glitch filter: a level has to stand for so many microseconds to be reported. */
  FG: 97,
  /** Makes the connection that it comes over one of reports; gives a handle. */
  NOIB: 99,
} as const;
export type Command = (typeof command)[keyof typeof command];

/** Commands whose result is 32 bits without a sign: they cannot fail. */
const unsigned: ReadonlySet<number> = new Set([command.BR1, command.TICK, command.PIGPV]);

export const RESPONSE_BYTES = 16;
export const REPORT_BYTES = 12;

export interface Response {
  readonly command: number;
  /** Negative: an error. */
  readonly result: number;
}

/** A report of a change of levels. */
export interface Report {
  /** Grows by one with each report, modulo 2 to the 16. */
  readonly sequence: number;
  /** 0 for changes; anything else is a watchdog, a sign of life or an event. */
  readonly flags: number;
  /** Microseconds, 32 bits. */
  readonly tick: number;
  /** Levels of GPIO0 to 31, as bits. */
  readonly levels: number;
}

/** Four numbers of 32 bits, low byte first: command, two parameters, length of the extension; then the extension. */
export function encodeCommand(which: Command, first: number, second: number, extension?: number): Buffer {
  const bytes = Buffer.alloc(extension === undefined ? RESPONSE_BYTES : RESPONSE_BYTES + 4);
  bytes.writeUInt32LE(which, 0);
  bytes.writeUInt32LE(first >>> 0, 4);
  bytes.writeUInt32LE(second >>> 0, 8);
  if (extension !== undefined) {
    bytes.writeUInt32LE(4, 12);
    bytes.writeUInt32LE(extension >>> 0, 16);
  }
  return bytes;
}

/** @param bytes the 16 bytes of an answer: command and parameters come back, the last number is the result */
export function decodeResponse(bytes: Buffer): Response {
  const which = bytes.readUInt32LE(0);
  return { command: which, result: unsigned.has(which) ? bytes.readUInt32LE(12) : bytes.readInt32LE(12) };
}

/** @param bytes 12 bytes (pigpio.h, `gpioReport_t`) */
export function decodeReport(bytes: Buffer): Report {
  return {
    sequence: bytes.readUInt16LE(0),
    flags: bytes.readUInt16LE(2),
    tick: bytes.readUInt32LE(4),
    levels: bytes.readUInt32LE(8),
  };
}

/** Cuts a stream into pieces, however it arrives; keeps less than one piece. */
export class Pieces {
  readonly #sizeOfNext: () => number;
  readonly #take: (piece: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  /**
   * @param sizeOfNext in bytes, asked before each piece
   * @param take given each piece before the size of the next one is asked for
   */
  constructor(sizeOfNext: () => number, take: (piece: Buffer) => void) {
    this.#sizeOfNext = sizeOfNext;
    this.#take = take;
  }

  push(chunk: Buffer): void {
    const all = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let size = this.#sizeOfNext(); all.length - from >= size; size = this.#sizeOfNext()) {
      from += size;
      this.#take(all.subarray(from - size, from));
    }
    // Copied: what is left of a chunk would keep all of it in memory.
    this.#rest = Buffer.from(all.subarray(from));
  }
}

/** What an error of pigpiod means (pigpio.h, "Error Codes"). */
export function commandError(which: number, gpio: number, result: number): MeshError {
  const name = Object.entries(command).find(([, number]) => number === which)?.[0] ?? String(which);
  switch (result) {
    case -2:
    case -3:
      return new MeshError("OUT_OF_RANGE", `pigpiod knows no GPIO${gpio}`);
    case -8:
    case -21:
    case -96:
    case -97:
    case -125:
      return new MeshError("OUT_OF_RANGE", `pigpiod does not take that for GPIO${gpio} (${name}: ${result})`);
    case -41:
    case -42:
      return new MeshError(
        "FAILED_PRECONDITION",
        `pigpiod may not change GPIO${gpio} on this board: its option -x says which ones it may`,
      );
    case -95:
      return new MeshError("OUT_OF_RANGE", `GPIO${gpio} has no hardware PWM`);
    case -100:
      return new MeshError(
        "FAILED_PRECONDITION",
        "pigpiod keeps time with the PWM hardware: start it without -t 0 to use hardware PWM",
      );
    default:
      return new MeshError("UNAVAILABLE", `pigpiod failed at ${name} for GPIO${gpio}: ${result}`);
  }
}
