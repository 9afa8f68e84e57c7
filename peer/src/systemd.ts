import { execFile } from "node:child_process";
import { type Clock, type Logger, repeat, type Service, type Timer } from "@pi-controller/runtime";

export interface SystemdComponents {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Tells systemd that the peer is ready, alive and stopping (sd_notify(3)); does nothing when the peer does
 * not run under it. Node cannot open the datagram socket that systemd listens on, so `systemd-notify` speaks
 * for us: the unit needs `NotifyAccess=all`.
 */
export class SystemdNotifier implements Service {
  readonly name = "systemd";
  readonly #components: SystemdComponents;
  readonly #env: Readonly<Record<string, string | undefined>>;
  #watchdog: Timer | undefined;

  constructor(
    components: SystemdComponents,
    options: { readonly env: Readonly<Record<string, string | undefined>> },
  ) {
    this.#components = components;
    this.#env = options.env;
  }

  /** To be started last: from here on, the peer serves. */
  async start(): Promise<void> {
    if (!this.#active) return;
    await this.#notify("READY=1");
    const watchdogMs = Number(this.#env.WATCHDOG_USEC ?? 0) / 1000;
    if (watchdogMs > 0) {
      // Half the time that systemd allows, as sd_watchdog_enabled(3) advises.
      this.#watchdog = repeat(
        this.#components.clock,
        () => watchdogMs / 2,
        () => this.#notify("WATCHDOG=1"),
        () => {},
      );
    }
  }

  async stop(): Promise<void> {
    this.#watchdog?.cancel();
    if (this.#active) await this.#notify("STOPPING=1");
  }

  get #active(): boolean {
    return this.#env.NOTIFY_SOCKET !== undefined && this.#env.NOTIFY_SOCKET !== "";
  }

  #notify(state: string): Promise<void> {
    const pid = String(process.pid);
    return new Promise((resolve) => {
      execFile("systemd-notify", [`--pid=${pid}`, state], { timeout: 5_000 }, (error) => {
        if (error !== null) {
          this.#components.logger.warn(
            { err: error, state },
            "systemd could not be told; is systemd-notify there?",
          );
        }
        resolve();
      });
    });
  }
}
