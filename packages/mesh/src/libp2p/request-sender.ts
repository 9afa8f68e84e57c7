import type { Clock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { abortable } from "../abortable.ts";
import type { DialResult, RequestOptions } from "../network.ts";
import { cancelled, checkRequest, notConnected, tooLate, unlessCancelled } from "../request-calls.ts";
import { explainDialError } from "./dial-error.ts";
import type { PeerLink } from "./peer-link.ts";
import type { RequestCaller } from "./request-caller.ts";

interface Components {
  readonly clock: Clock;
  /** The connection to a peer that is ready, if there is one. */
  linkTo(peer: NodeId): PeerLink | undefined;
  dial(peer: NodeId, timeoutMs: number): Promise<DialResult>;
}

/** Finds the way to a peer, dialling when needed, and sends a request on it, all within the request's time. */
export class RequestSender {
  readonly #components: Components;

  constructor(components: Components) {
    this.#components = components;
  }

  /** @throws MeshError as `Network.request` */
  async request(
    peer: NodeId,
    method: string,
    payload: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    checkRequest(method, payload, options.signal);
    const { clock } = this.#components;
    const endMs = clock.monotonic() + options.timeoutMs;
    const link = this.#components.linkTo(peer) ?? (await this.#connect(peer, method, options));
    const caller = link.openCaller ?? (await this.#callerOf(link, method, options, endMs));
    const timeoutMs = endMs - clock.monotonic();
    if (timeoutMs <= 0) throw tooLate(method, options.timeoutMs);
    return caller.request(method, payload, { ...options, timeoutMs });
  }

  /** A dial goes on when nobody waits for it any more: the next request finds its connection. */
  async #connect(peer: NodeId, method: string, { timeoutMs, signal }: RequestOptions): Promise<PeerLink> {
    const dialled = await unlessCancelled(this.#components.dial(peer, timeoutMs), method, signal);
    const link = this.#components.linkTo(peer);
    if (link === undefined) throw notConnected(peer, dialled.reason ?? "it was lost at once");
    return link;
  }

  async #callerOf(
    link: PeerLink,
    method: string,
    { timeoutMs, signal }: RequestOptions,
    endMs: number,
  ): Promise<RequestCaller> {
    const { clock } = this.#components;
    const deadline = new AbortController();
    const timer = clock.setTimer(() => deadline.abort(), endMs - clock.monotonic());
    const ends = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal]);
    try {
      return await abortable(link.caller(), ends);
    } catch (error) {
      if (signal?.aborted) throw cancelled(method);
      if (deadline.signal.aborted) throw tooLate(method, timeoutMs);
      throw notConnected(link.peer, explainDialError(error).reason);
    } finally {
      timer.cancel();
    }
  }
}
