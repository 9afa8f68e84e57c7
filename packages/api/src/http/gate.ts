import type { IncomingMessage } from "node:http";
import { type Clock, RateLimiter, type RateLimiterOptions } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { connectionInfo } from "./connection-info.ts";
import { clientFilter, rateGroupOf } from "./gate-address.ts";
import { createHostCheck, type HostCheck, isSameOrigin } from "./host-check.ts";

interface Options {
  /** The addresses that the API listens on. */
  readonly hosts: readonly string[];
  /** Names of this peer as of now. */
  readonly hostNames: () => readonly string[];
  /** From where one may connect, besides this machine; everywhere when left out. */
  readonly allowedNetworks?: readonly string[] | undefined;
  readonly maxRequestsInFlight: number;
  readonly rate: RateLimiterOptions;
}

const BUSY_RETRY_MS = 1_000;

/** Decides which connections and requests are looked at at all. */
export class Gate {
  readonly #clock: Clock;
  readonly #maxRequestsInFlight: number;
  readonly #isOurHost: HostCheck;
  readonly #isAllowed: (address: string) => boolean;
  readonly #rate: RateLimiter;
  #inFlight = 0;

  /** @throws MeshError INVALID_ARGUMENT when an allowed network is none */
  constructor({ clock }: { readonly clock: Clock }, options: Options) {
    this.#clock = clock;
    this.#maxRequestsInFlight = options.maxRequestsInFlight;
    this.#isOurHost = createHostCheck(options.hosts, options.hostNames);
    this.#isAllowed = clientFilter(options.allowedNetworks ?? []);
    this.#rate = new RateLimiter(options.rate);
  }

  /** Whether somebody may connect, before a byte of his is read. @param address in its normal form */
  allowsAddress(address: string): boolean {
    return this.#isAllowed(address);
  }

  /** @throws MeshError RESOURCE_EXHAUSTED when too much comes from there, PERMISSION_DENIED for a foreign name */
  admitTarget(request: IncomingMessage): void {
    const { remoteAddress, localAddress } = connectionInfo(request);
    const retryAfterMs = this.#rate.take(rateGroupOf(remoteAddress), this.#clock.monotonic());
    if (retryAfterMs > 0) {
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many requests from this address", { retryAfterMs });
    }
    const { host } = request.headers;
    if (!this.#isOurHost(host, localAddress)) {
      const name = host === undefined ? "no name" : `the name ${JSON.stringify(host.slice(0, 100))}`;
      throw new MeshError("PERMISSION_DENIED", `This peer was asked for by ${name}, which is not its own`);
    }
  }

  /**
   * @param sameOriginOnly whether a page of another origin must be refused
   * @throws MeshError RESOURCE_EXHAUSTED, PERMISSION_DENIED
   */
  admit(request: IncomingMessage, sameOriginOnly: boolean): void {
    this.admitTarget(request);
    const { host, origin } = request.headers;
    if (sameOriginOnly && !isSameOrigin(origin, host, connectionInfo(request).secure)) {
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
