import {
  type BackoffOptions,
  backoffMs,
  type Clock,
  type Logger,
  type Random,
  repeat,
  type Service,
  type Timer,
} from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { DaemonSocket } from "./daemon-socket.ts";
import { type TickAnchor, timeOfTick } from "./tick-time.ts";
import { type Command, command, type Report } from "./wire.ts";

export interface PigpioConnectionComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The machine's monotonic clock, in ns: what edges are stamped with. */
  readonly nowNs: () => bigint;
}

export interface PigpioConnectionOptions {
  /** As `127.0.0.1:8888`. */
  readonly address: string;
  /** Whether a daemon that is not there at the start is looked for until it is, as one that is lost later. */
  readonly waits?: boolean;
}

/** Sends one command; see `DaemonSocket.request`. */
export type Request = (which: Command, gpio?: number, second?: number, extension?: number) => Promise<number>;

/** Who has set something up in the daemon that is to be there again after it was started anew. */
export interface PigpioUser {
  /** Sets all of it up over a new connection, before anybody else may use that. */
  restore(request: Request): Promise<void>;
  /** Told of changes of levels. */
  reports?(reports: readonly Report[]): void;
}

const RECONNECT: BackoffOptions = { initialMs: 500, maximumMs: 30_000, jitterFraction: 0.2 };
/** Short against 35 minutes, beyond which a tick is ambiguous, and against what two clocks drift apart in. */
const TICK_INTERVAL_MS = 10_000;

interface Session {
  readonly commands: DaemonSocket;
  readonly reports: DaemonSocket;
  readonly handle: number;
  anchor: TickAnchor;
}

/** The way to pigpiod for all adapters that use it. When it is lost it comes back, with all that was set up. */
export class PigpioConnection implements Service {
  readonly name = "pigpiod";
  readonly #components: PigpioConnectionComponents;
  readonly #where: { readonly host: string; readonly port: number };
  readonly #waits: boolean;
  readonly #users: PigpioUser[] = [];
  #session: Session | undefined;
  /** Set while the users are restored. */
  #opening: Session | undefined;
  #running = false;
  #lost = new MeshError("FAILED_PRECONDITION", "The connection to pigpiod is not started");
  #failures = 0;
  #timer: Timer | undefined;

  constructor(components: PigpioConnectionComponents, { address, waits }: PigpioConnectionOptions) {
    this.#components = components;
    this.#where = parseAddress(address);
    this.#waits = waits ?? false;
  }

  /** Why nothing can be asked of the daemon now, for people; null when it can, or when nobody tries. */
  get problem(): string | null {
    return this.#running && this.#session === undefined ? this.#lost.message : null;
  }

  /** @throws MeshError FAILED_PRECONDITION when there is no daemon and it does not wait for one */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#running) return;
    signal.throwIfAborted();
    this.#running = true;
    try {
      await this.#connect();
    } catch (error) {
      if (!(error instanceof MeshError)) {
        this.#running = false;
        throw error;
      }
      const missing = new MeshError(
        "FAILED_PRECONDITION",
        `${error.message}. To start it: sudo apt install pigpiod && sudo systemctl enable --now pigpiod`,
        {},
        { cause: error },
      );
      if (!this.#waits) {
        this.#running = false;
        throw missing;
      }
      this.#lost = missing;
      this.#components.logger.warn({ err: error }, "pigpiod is not there yet; it is looked for until it is");
      this.#reconnectLater();
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#drop();
    this.#lost = new MeshError("FAILED_PRECONDITION", "The connection to pigpiod is not started");
  }

  /** Whoever is added is restored with each new connection from then on. */
  addUser(user: PigpioUser): void {
    this.#users.push(user);
  }

  /** @throws MeshError as `DaemonSocket.request`; UNAVAILABLE while the connection is lost */
  readonly request: Request = (which, gpio, second, extension) =>
    this.#session === undefined
      ? Promise.reject(this.#lost)
      : this.#session.commands.request(which, gpio, second, extension);

  /** Has changes of the lines whose bits are set be reported, and of no others. */
  async watch(mask: number, request: Request = this.request): Promise<void> {
    const handle = this.#session?.handle ?? this.#opening?.handle;
    if (handle === undefined) throw this.#lost;
    await request(command.NB, handle, mask);
  }

  /** When a tick of the daemon was, in ns of the machine's monotonic clock. */
  timeOf(tick: number): bigint {
    const anchor = (this.#session ?? this.#opening)?.anchor;
    return anchor === undefined ? this.#components.nowNs() : timeOfTick(anchor, tick);
  }

  async #connect(): Promise<void> {
    const commands = await DaemonSocket.open(this.#components, this.#where);
    let reports: DaemonSocket | undefined;
    try {
      reports = await DaemonSocket.open(this.#components, this.#where);
      const handle = await reports.beginReports((received) => this.#reported(received));
      const request: Request = (which, gpio, second, extension) =>
        commands.request(which, gpio, second, extension);
      const session = { commands, reports, handle, anchor: await this.#anchor(request) };
      this.#opening = session;
      for (const user of this.#users) await user.restore(request);
      this.#session = session;
      this.#failures = 0;
      this.#keepTime(session, request);
      const lost = (error: MeshError) => this.#onLost(session, error);
      commands.onLost = lost;
      reports.onLost = lost;
    } catch (error) {
      commands.close();
      reports?.close();
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }

  /** The daemon's time was asked for in the middle between two moments of ours. */
  async #anchor(request: Request): Promise<TickAnchor> {
    const { nowNs } = this.#components;
    const before = nowNs();
    const tick = await request(command.TICK);
    return { tick, ns: (before + nowNs()) / 2n };
  }

  #keepTime(session: Session, request: Request): void {
    this.#timer?.cancel();
    this.#timer = repeat(
      this.#components.clock,
      () => TICK_INTERVAL_MS,
      async () => {
        session.anchor = await this.#anchor(request);
      },
      // Lost connections are told by their sockets.
      (error) => this.#components.logger.debug({ err: error }, "pigpiod did not tell its time"),
    );
  }

  #reported(reports: readonly Report[]): void {
    for (const user of this.#users) user.reports?.(reports);
  }

  #drop(): void {
    this.#timer?.cancel();
    const session = this.#session;
    this.#session = undefined;
    session?.commands.close();
    session?.reports.close();
  }

  #onLost(session: Session, error: MeshError): void {
    if (this.#session !== session) return;
    this.#lost = error;
    this.#drop();
    this.#components.logger.warn({ err: error }, "The connection to pigpiod is lost; it is tried again");
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    this.#timer?.cancel();
    if (!this.#running) return;
    this.#failures++;
    const { clock, random, logger } = this.#components;
    const waitMs = backoffMs(this.#failures, RECONNECT, random);
    this.#timer = clock.setTimer(() => {
      this.#connect().then(
        () => {
          if (this.#running) logger.info({}, "pigpiod is there again, and all pins are set up as they were");
          else this.#drop();
        },
        (error: unknown) => {
          logger.debug({ err: error }, "pigpiod is not there yet");
          this.#reconnectLater();
        },
      );
    }, waitMs);
  }
}

/** @throws MeshError INVALID_ARGUMENT when it is not a host and a port */
function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw new MeshError("INVALID_ARGUMENT", `The address of pigpiod is host:port, not ${address}`);
  }
  return { host, port: Number(port) };
}

/** Shared by `pigpioGpio`, which starts and stops it, and `pigpioPwm`. */
export function pigpioConnection(
  components: PigpioConnectionComponents,
  options: PigpioConnectionOptions,
): PigpioConnection {
  return new PigpioConnection(components, options);
}
