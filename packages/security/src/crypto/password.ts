import { argon2, createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";

const HALF_BYTES = 32;
export const SALT_BYTES = 16;

/** Cost of argon2id (RFC 9106). */
export interface PasswordCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** RFC 9106 section 4, second recommended option, with one lane: others of a Pi's cores have work to do. */
export const defaultPasswordCost: PasswordCost = { memoryKib: 65_536, passes: 3, parallelism: 1 };

/** The two things that a password gives, which say nothing of each other. */
export interface PasswordKeys {
  /** SHA-256 of the first half: shows whether the password is right. */
  readonly verifier: Uint8Array;
  /** The second half: opens what the password guards. */
  readonly wrapKey: Uint8Array;
}

export interface PasswordHasherComponents {
  readonly clock: Pick<Clock, "monotonic">;
}

export interface PasswordHasherOptions {
  /** How many may wait for their turn. */
  readonly maxWaiting: number;
}

/** Works passwords out, one at a time: each takes much memory and a core for a good part of a second. */
export class PasswordHasher {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #options: PasswordHasherOptions;
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;
  /** How long the last one took; a guess before the first. */
  #lastMs = 500;

  constructor({ clock }: PasswordHasherComponents, options: PasswordHasherOptions = { maxWaiting: 8 }) {
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * @param password in any Unicode form: composed and decomposed letters are the same (RFC 8265 section 4.2)
   * @throws MeshError RESOURCE_EXHAUSTED with `retryAfterMs` when too many wait already
   */
  async derive(password: string, salt: Uint8Array, cost: PasswordCost): Promise<PasswordKeys> {
    if (this.#pending > this.#options.maxWaiting) {
      const retryAfterMs = Math.ceil(this.#pending * this.#lastMs);
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many passwords wait to be checked", { retryAfterMs });
    }
    this.#pending++;
    const turn = this.#last.then(() => this.#run(password, salt, cost));
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#pending--;
    }
  }

  async #run(password: string, salt: Uint8Array, cost: PasswordCost): Promise<PasswordKeys> {
    const startedMs = this.#clock.monotonic();
    const bytes = await argon2id(password.normalize("NFC"), salt, cost);
    this.#lastMs = this.#clock.monotonic() - startedMs;
    const verifier = createHash("sha256").update(bytes.subarray(0, HALF_BYTES)).digest();
    return { verifier: new Uint8Array(verifier), wrapKey: new Uint8Array(bytes.subarray(HALF_BYTES)) };
  }
}

function argon2id(password: string, salt: Uint8Array, cost: PasswordCost): Promise<Buffer> {
  const parameters = {
    message: password,
    nonce: salt,
    parallelism: cost.parallelism,
    tagLength: 2 * HALF_BYTES,
    memory: cost.memoryKib,
    passes: cost.passes,
  };
  return new Promise((resolve, reject) => {
    argon2("argon2id", parameters, (error, key) => {
      if (error === null || error === undefined) resolve(key);
      else reject(new MeshError("UNAVAILABLE", "The password could not be worked out", {}, { cause: error }));
    });
  });
}

export function newSalt(): Uint8Array {
  return new Uint8Array(randomBytes(SALT_BYTES));
}

/** Compares in a time that does not tell where they differ. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}
