import { MeshError } from "@pi-controller/schema";

/** Reads what `ByteWriter` wrote, or what somebody claims that it did. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #position = 0;

  /** @param what it is, for errors: "metrics sample" */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** @throws MeshError INVALID_ARGUMENT when it is larger, or cut off */
  number(field: string, maximum: number): number {
    let value = 0;
    for (let scale = 1; value <= maximum && scale <= maximum; scale *= 0x80) {
      const byte = this.#byte(field);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && value <= maximum) return value;
    }
    throw this.#error(field, `it is larger than ${maximum}`);
  }

  /** @throws MeshError INVALID_ARGUMENT when it is cut off */
  number48(field: string): number {
    let value = 0;
    for (let index = 0; index < 6; index++) value = value * 0x100 + this.#byte(field);
    return value;
  }

  /** @returns a copy, which does not keep the whole message in memory. @throws MeshError INVALID_ARGUMENT */
  bytes(field: string, count: number): Uint8Array {
    const end = this.#position + count;
    if (end > this.#bytes.byteLength) throw this.#error(field, "it is cut off");
    const bytes = this.#bytes.slice(this.#position, end);
    this.#position = end;
    return bytes;
  }

  /** @throws MeshError INVALID_ARGUMENT when something is left */
  end(): void {
    if (this.#position !== this.#bytes.byteLength) throw this.#error("end", "more follows");
  }

  #byte(field: string): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw this.#error(field, "it is cut off");
    return byte;
  }

  #error(field: string, problem: string): MeshError {
    return new MeshError("INVALID_ARGUMENT", `Invalid ${this.#what}: ${field}: ${problem}`);
  }
}
