import { createHash } from "node:crypto";
import { canonicalJson } from "@pi-controller/document";
import type { Clock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";

const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 10_000;

interface Run {
  readonly fingerprint: string;
  readonly result: Promise<unknown>;
  readonly startedMs: number;
}

/** What was asked for with an idempotency key is done once, however often it is asked for, at the same time too. */
export class Idempotency {
  readonly #clock: Pick<Clock, "monotonic">;
  /** In the order of their start. */
  readonly #runs = new Map<string, Run>();

  constructor(components: { readonly clock: Pick<Clock, "monotonic"> }) {
    this.#clock = components.clock;
  }

  /**
   * @param request what is asked for, as plain JSON: the same key with another one is an error
   * @param run called at once, within this call, unless it was done before; one that failed may be tried again
   * @param isDone whether a result says that anything was done: with one that does not, it failed as well
   * @throws what `run` throws, and MeshError INVALID_ARGUMENT that names `Idempotency-Key`
   */
  once<T>(
    asking: OwnerAsking,
    request: unknown,
    run: () => Promise<T>,
    isDone: (result: T) => boolean = () => true,
  ): Promise<T> {
    const key = requestKeyOf(asking);
    if (key === null) return run();
    const fingerprint = createHash("sha256").update(canonicalJson(request)).digest("base64");
    const nowMs = this.#clock.monotonic();
    this.#forget(nowMs);
    const earlier = this.#runs.get(key);
    if (earlier !== undefined) {
      if (earlier.fingerprint !== fingerprint) throw otherRequest();
      return earlier.result as Promise<T>;
    }
    const result = run();
    const entry = { fingerprint, result, startedMs: nowMs };
    this.#runs.set(key, entry);
    const forget = () => {
      if (this.#runs.get(key) === entry) this.#runs.delete(key);
    };
    result.then((value) => {
      if (!isDone(value)) forget();
    }, forget);
    return result;
  }

  #forget(nowMs: number): void {
    for (const [key, { startedMs }] of this.#runs) {
      if (nowMs - startedMs < REMEMBERED_MS && this.#runs.size < MAX_REMEMBERED) return;
      this.#runs.delete(key);
    }
  }
}

/** What a grant is found by again after a restart: of user and key; null without a key. */
export function requestKeyOf({ requester, idempotencyKey }: OwnerAsking): string | null {
  if (idempotencyKey === undefined) return null;
  const user = requester.userId ?? `name:${requester.userName}`;
  return createHash("sha256").update(`${user}\0${idempotencyKey}`).digest("hex");
}

/** The key was used for something else already. */
export function otherRequest(): MeshError {
  const message = "it was used for another request: expected a new one";
  return new MeshError("INVALID_ARGUMENT", `Invalid request: Idempotency-Key: ${message}`, {
    fields: [{ field: "Idempotency-Key", message }],
  });
}
