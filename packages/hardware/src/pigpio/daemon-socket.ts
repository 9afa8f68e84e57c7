import { connect, type Socket } from "node:net";
import type { Clock, Timer } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import {
  type Command,
  command,
  commandError,
  decodeReport,
  decodeResponse,
  encodeCommand,
  Pieces,
  REPORT_BYTES,
  RESPONSE_BYTES,
  type Report,
} from "./wire.ts";

export interface DaemonSocketComponents {
  readonly clock: Clock;
}

export interface DaemonSocketOptions {
  readonly host: string;
  readonly port: number;
}

/** A daemon on this machine answers within a millisecond; one that does not for so long hangs. */
const ANSWER_MS = 3_000;
const CONNECT_MS = 3_000;
const MAX_PENDING = 4_096;

interface Pending {
  readonly which: Command;
  readonly gpio: number;
  readonly resolve: (result: number) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to pigpiod. It answers commands in the order in which they came. */
export class DaemonSocket {
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #hangs: () => void;
  readonly #pending: Pending[] = [];
  readonly #pieces: Pieces;
  /** Undefined on a connection of commands. */
  #onReports: ((reports: readonly Report[]) => void) | undefined;
  #received: Report[] = [];
  #timer: Timer | undefined;
  #lost: MeshError | undefined;
  #onLost: (error: MeshError) => void = () => {};

  /** @throws MeshError UNAVAILABLE when nobody answers there */
  static async open(
    components: DaemonSocketComponents,
    { host, port }: DaemonSocketOptions,
  ): Promise<DaemonSocket> {
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const where = `pigpiod at ${host}:${port}`;
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string) => {
        timer.cancel();
        socket.destroy();
        reject(new MeshError("UNAVAILABLE", `No connection to ${where}: ${reason}`));
      };
      const timer = components.clock.setTimer(() => fail("no answer"), CONNECT_MS);
      socket.once("error", (error) => fail(error.message));
      socket.once("connect", () => {
        timer.cancel();
        socket.removeAllListeners("error");
        resolve();
      });
    });
    return new DaemonSocket(components, socket, where);
  }

  private constructor({ clock }: DaemonSocketComponents, socket: Socket, where: string) {
    this.#clock = clock;
    this.#socket = socket;
    // On a connection of reports, too, the answer to the command that made it one comes first.
    const answers = () => this.#onReports === undefined || this.#pending.length > 0;
    this.#pieces = new Pieces(
      () => (answers() ? RESPONSE_BYTES : REPORT_BYTES),
      (piece) => {
        if (answers()) this.#answer(piece);
        else this.#received.push(decodeReport(piece));
      },
    );
    const lose = (reason: string) =>
      this.#lose(new MeshError("UNAVAILABLE", `The connection to ${where} is lost: ${reason}`));
    socket.on("data", (chunk) => {
      try {
        this.#receive(chunk);
      } catch (error) {
        lose(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on("error", (error) => lose(error.message));
    socket.on("close", () => lose("the daemon closed it"));
    this.#hangs = () => lose(`no answer for ${ANSWER_MS} ms`);
  }

  /** Told once, when the connection is lost, but not of `close`. */
  set onLost(listener: (error: MeshError) => void) {
    this.#onLost = listener;
    if (this.#lost !== undefined) listener(this.#lost);
  }

  /**
   * @param gpio the first parameter, in most commands the GPIO
   * @returns the result, 0 or above
   * @throws MeshError what the daemon says is wrong, or UNAVAILABLE when the connection is lost
   */
  request(which: Command, gpio = 0, second = 0, extension?: number): Promise<number> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (this.#pending.length >= MAX_PENDING) {
      return Promise.reject(
        new MeshError("RESOURCE_EXHAUSTED", "Too many commands wait for pigpiod", { retryAfterMs: 100 }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ which, gpio, resolve, reject });
      this.#timer ??= this.#clock.setTimer(this.#hangs, ANSWER_MS);
      this.#socket.write(encodeCommand(which, gpio, second, extension));
    });
  }

  /** Makes this a connection of reports. @returns the handle that the daemon knows it by */
  async beginReports(listener: (reports: readonly Report[]) => void): Promise<number> {
    const handle = this.request(command.NOIB);
    this.#onReports = listener;
    return handle;
  }

  /** Ends the connection; what waits for an answer fails. */
  close(): void {
    this.#onLost = () => {};
    this.#lose(new MeshError("UNAVAILABLE", "The connection to pigpiod was closed"));
  }

  #receive(chunk: Buffer): void {
    this.#pieces.push(chunk);
    if (this.#received.length === 0) return;
    const reports = this.#received;
    this.#received = [];
    this.#onReports?.(reports);
  }

  #answer(piece: Buffer): void {
    const { command: which, result } = decodeResponse(piece);
    const pending = this.#pending.shift();
    if (pending === undefined || pending.which !== which) throw new Error("it answered what nobody asked");
    if (result < 0) pending.reject(commandError(which, pending.gpio, result));
    else pending.resolve(result);
    this.#timer?.cancel();
    this.#timer = this.#pending.length === 0 ? undefined : this.#clock.setTimer(this.#hangs, ANSWER_MS);
  }

  #lose(error: MeshError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#timer?.cancel();
    this.#socket.destroy();
    for (const { reject } of this.#pending.splice(0)) reject(error);
    this.#onLost(error);
  }
}
