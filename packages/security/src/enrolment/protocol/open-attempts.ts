import type { NodeId } from "@pi-controller/schema";
import { toBase64Url } from "../../crypto/index.ts";
import type { Conversation } from "./transcript.ts";

/** Each step of an attempt comes within this time of the one before; people have no part in it. */
export const STEP_TIMEOUT_MS = 30_000;
/** A member has one at a time with a pending node; a second one while the first has lost its answer. */
const MAX_ATTEMPTS_PER_SOURCE = 4;
const MAX_ATTEMPTS = 64;

/** What one hello began. Found by whoever said it, with the nonce that it was answered with, and nobody else. */
export interface OpenAttempt<State> {
  readonly conversation: Conversation;
  /** Where it comes from, of which only so many are open. */
  readonly source: string;
  readonly state: State;
  /** Monotonic. */
  readonly expiresMs: number;
}

/** The attempts that are open, in bounded memory: who opens too many loses his own oldest one first. */
export class OpenAttempts<State> {
  /** By nonce; in the order of their last step, longest ago first. */
  readonly #open = new Map<string, OpenAttempt<State>>();

  get size(): number {
    return this.#open.size;
  }

  open(conversation: Conversation, source: string, state: State, nowMs: number): void {
    this.#dropExpired(nowMs);
    const ofSource = [...this.#open].filter(([, attempt]) => attempt.source === source);
    if (ofSource.length >= MAX_ATTEMPTS_PER_SOURCE) this.#dropFirst(ofSource);
    if (this.#open.size >= MAX_ATTEMPTS) this.#dropFirst(this.#open);
    this.#put(conversation, source, state, nowMs);
  }

  /** The attempt of this peer under this nonce, unless its time is over. */
  find(from: NodeId, nonce: Uint8Array, nowMs: number): OpenAttempt<State> | undefined {
    const attempt = this.#open.get(toBase64Url(nonce));
    if (attempt === undefined || attempt.conversation.member !== from) return undefined;
    return nowMs < attempt.expiresMs ? attempt : undefined;
  }

  /** Whether one of this peer's attempts has come so far. */
  some(from: NodeId, condition: (state: State) => boolean, nowMs: number): boolean {
    return [...this.#open.values()].some(
      ({ conversation, expiresMs, state }) =>
        conversation.member === from && nowMs < expiresMs && condition(state),
    );
  }

  /** Takes an attempt one step on. */
  advance({ conversation, source }: OpenAttempt<State>, state: State, nowMs: number): void {
    this.close(conversation);
    this.#put(conversation, source, state, nowMs);
  }

  close({ pendingNonce }: Conversation): void {
    this.#open.delete(toBase64Url(pendingNonce));
  }

  clear(): void {
    this.#open.clear();
  }

  #put(conversation: Conversation, source: string, state: State, nowMs: number): void {
    const attempt = { conversation, source, state, expiresMs: nowMs + STEP_TIMEOUT_MS };
    this.#open.set(toBase64Url(conversation.pendingNonce), attempt);
  }

  #dropExpired(nowMs: number): void {
    for (const [key, attempt] of this.#open) {
      if (nowMs >= attempt.expiresMs) this.#open.delete(key);
    }
  }

  #dropFirst(among: Iterable<readonly [string, unknown]>): void {
    for (const [key] of among) {
      this.#open.delete(key);
      return;
    }
  }
}
