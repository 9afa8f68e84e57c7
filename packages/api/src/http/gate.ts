import type { IncomingMessage } from "node:http";
import { type Clock, RateLimiter, type RateLimiterOptions } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { createHostCheck, isSameOrigin } from "./host-check.ts";

interface Options {
  readonly bindHost: string;
  readonly hostNames: readonly string[];
  readonly maxRequestsInFlight: number;
  readonly rate: RateLimiterOptions;
}

const BUSY_RETRY_MS = 1_000;

/** Decides which requests are looked at at all. */
export class Gate {
  readonly #clock: Clock;
  readonly #maxRequestsInFlight: number;
  readonly #isOurHost: (hostHeader: string | undefined) => boolean;
  readonly #rate: RateLimiter;
  #inFlight = 0;

  constructor({ clock }: { readonly clock: Clock }, options: Options) {
    this.#clock = clock;
    this.#maxRequestsInFlight = options.maxRequestsInFlight;
    this.#isOurHost = createHostCheck(options.bindHost, options.hostNames);
    this.#rate = new RateLimiter(options.rate);
  }

  /**
   * @param sameOriginOnly whether a page of another origin must be refused
   * @throws MeshError RESOURCE_EXHAUSTED, PERMISSION_DENIED
   */
  admit(request: IncomingMessage, sameOriginOnly: boolean): void {
    const address = request.socket.remoteAddress ?? "";
    const retryAfterMs = this.#rate.take(address, this.#clock.monotonic());
    if (retryAfterMs > 0) {
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many requests from this address", { retryAfterMs });
    }
    const { host, origin } = request.headers;
    if (!this.#isOurHost(host)) {
      const name = host === undefined ? "no name" : `the name ${JSON.stringify(host.slice(0, 100))}`;
      throw new MeshError("PERMISSION_DENIED", `This peer was asked for by ${name}, which is not its own`);
    }
    if (sameOriginOnly && !isSameOrigin(origin, host)) {
      throw new MeshError("PERMISSION_DENIED", "A page of another origin may not do this");
    }
  }

  /** Runs `handle` unless too many run already. @throws MeshError RESOURCE_EXHAUSTED */
  async run(handle: () => Promise<void>): Promise<void> {
    if (this.#inFlight >= this.#maxRequestsInFlight) {
      throw new MeshError("RESOURCE_EXHAUSTED", "This peer has too many requests to answer", {
        retryAfterMs: BUSY_RETRY_MS,
      });
    }
    this.#inFlight += 1;
    try {
      await handle();
    } finally {
      this.#inFlight -= 1;
    }
  }
}
