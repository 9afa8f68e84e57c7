import type { Asking, ChangeStream, GpioUseCases } from "@pi-controller/gpio";
import {
  type GpioStreamMessage,
  type GpioStreamQuery,
  gpioStreamQuerySchema,
  MeshError,
  parseInput,
} from "@pi-controller/schema";
import type { AskedRequest } from "../access/asking.ts";
import { GPIO_PATH } from "../routes/gpio-routes.ts";
import type { Stream, StreamLine } from "./stream-line.ts";
import type { StreamRequest, StreamSource } from "./stream-sockets.ts";

export const GPIO_CHANGES_PATH = `${GPIO_PATH}/changes`;

/**
 * What may wait in memory for one client before it counts as slow: some 400 changes. From then on the owner's ring of
 * changes keeps what comes, and what is overwritten there before it was read is counted.
 */
const MAX_UNSENT_BYTES = 128 * 1024;

interface Components {
  readonly gpio: Pick<GpioUseCases, "follow">;
  readonly asking: (request: AskedRequest) => Asking;
}

/** All who follow the changes at pins. */
export class GpioStreams implements StreamSource {
  readonly path = GPIO_CHANGES_PATH;
  readonly #components: Components;

  constructor(components: Components) {
    this.#components = components;
  }

  open(line: StreamLine, { query: given, caller }: StreamRequest): Stream {
    const { gpio, asking } = this.#components;
    const { principal, origin } = caller;
    if (principal === undefined) throw new MeshError("UNAUTHENTICATED", "Log in first, or send a token");
    const query = parseInput(gpioStreamQuerySchema, given, "query");
    const acting = { ...origin, principal };
    return new GpioSocket(
      { line, gpio },
      {
        query,
        // The time is that of each question on the way, however long the stream goes on.
        asking: asking({ acting, caller, idempotencyKey: undefined, elapsedMs: () => 0 }),
      },
    );
  }
}

/** Sends one client what happens at the pins of a node, at the client's own pace. */
class GpioSocket implements Stream {
  readonly #components: { readonly line: StreamLine; readonly gpio: Components["gpio"] };
  readonly #options: { readonly query: GpioStreamQuery; readonly asking: Asking };
  readonly #waiting = new Set<() => void>();
  #changes: ChangeStream | undefined;

  constructor(
    components: { readonly line: StreamLine; readonly gpio: Components["gpio"] },
    options: { readonly query: GpioStreamQuery; readonly asking: Asking },
  ) {
    this.#components = components;
    this.#options = options;
  }

  start(): void {
    const { query, asking } = this.#options;
    this.#changes = this.#components.gpio.follow(
      query,
      asking,
      (message) => this.#tell(message),
      (again) => {
        this.#waiting.add(again);
        return () => void this.#waiting.delete(again);
      },
    );
  }

  drained(): void {
    if (!this.#hasRoom()) return;
    for (const again of [...this.#waiting]) again();
  }

  heartbeat(): GpioStreamMessage {
    return { kind: "heartbeat" };
  }

  closed(): void {
    this.#changes?.close();
    this.#changes = undefined;
    this.#waiting.clear();
  }

  /** Takes the message in any case. @returns false when the next one shall wait until there is room */
  #tell(message: GpioStreamMessage): boolean {
    const { line } = this.#components;
    if (!line.isOpen) return false;
    line.send(message);
    return this.#hasRoom();
  }

  #hasRoom(): boolean {
    return this.#components.line.unsentBytes < MAX_UNSENT_BYTES;
  }
}
