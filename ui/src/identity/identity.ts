import type { Client } from "@pi-controller/client";
import { type LoginRequest, MeshError, type SessionStatus, type SetupRequest } from "@pi-controller/schema";
import { computed, signal } from "@preact/signals";
import { retryDelayMs } from "../connection/connection.ts";
import { type PeerClock, peerTime } from "../connection/peer-clock.ts";
import type { PageClock, Visibility } from "../time/page-clock.ts";
import type { AnswerNote, AnswerWatch } from "./answer-watch.ts";
import { type EndReason, endReasonOf, type Farewell, phaseOf, principalKey } from "./phase.ts";
import type { TabChannel } from "./tab-channel.ts";

interface Components {
  readonly client: Pick<Client, "session" | "setup">;
  readonly answers: Pick<AnswerWatch, "observe">;
  readonly clock: PageClock;
  readonly visibility: Visibility;
  readonly tabs: TabChannel;
  readonly random: () => number;
}

/** An unclaimed node may be admitted from another one at any moment. */
const UNCLAIMED_ASK_MS = 3000;
/** The node that was just claimed starts its mesh. */
const CLAIMING_ASK_MS = 1000;
/** Roles may change, and a session may be ended elsewhere, while nothing else is asked. */
const KNOWN_ASK_MS = 60_000;
/** Checking a password costs a Pi Zero seconds, and others may be in front. */
const PASSWORD_TIMEOUT_MS = 60_000;
/** Refusals come in groups: the page asks for several things at once. */
const REFUSED_ASK_MS = 10_000;

/**
 * Who uses this page, as the peer knows it: asked first of all, and again whenever something hints that it has
 * changed. Decides between set-up, login and the application.
 */
export class Identity {
  readonly status = signal<SessionStatus | null>(null);
  readonly problem = signal<MeshError | null>(null);
  readonly claiming = signal(false);
  readonly farewell = signal<Farewell | null>(null);
  /** Why the login page is shown to somebody who was logged in. */
  readonly ended = signal<EndReason | null>(null);
  /** The mesh that this node belonged to when the page was opened, and does no more; null when there is none. */
  readonly formerMesh = signal<string | null>(null);
  /** Who logged in last, to be offered again. */
  readonly lastUserName = signal("");
  /** The peer's wall clock, from the date of its answers. */
  readonly peerClock = signal<PeerClock | null>(null);
  readonly phase = computed(() =>
    phaseOf({
      status: this.status.value,
      problem: this.problem.value,
      claiming: this.claiming.value,
      farewell: this.farewell.value,
    }),
  );
  readonly key = computed(() => principalKey(this.status.value));
  readonly principal = computed(() => this.status.value?.principal ?? null);

  readonly #components: Components;
  #timer: { cancel(): void } | undefined;
  #asking: Promise<void> | undefined;
  #failures = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** What was said of the end of the session before the peer confirms it. */
  #told: EndReason | null = null;

  constructor(components: Components) {
    this.#components = components;
  }

  /** Asks the peer, and goes on to notice changes. */
  start(): void {
    const { answers, tabs, visibility } = this.#components;
    answers.observe((note) => this.#note(note));
    tabs.onMessage((message) => {
      this.#told = message === "logged-out" ? "elsewhere" : null;
      void this.ask();
    });
    visibility.onChange(() => {
      if (visibility.visible()) void this.ask();
    });
    void this.ask();
  }

  /** Asks who one is; several who ask at once share the answer. Never throws: `problem` says why it failed. */
  async ask(): Promise<void> {
    if (this.farewell.value !== null) return;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
      this.#schedule();
    });
    await this.#asking;
  }

  /**
   * @throws MeshError UNAUTHENTICATED; RESOURCE_EXHAUSTED with `retryAfterMs`; FAILED_PRECONDITION when the browser
   *   has not kept the session
   */
  async login(request: LoginRequest): Promise<void> {
    await this.#components.client.session.login(request, { timeoutMs: PASSWORD_TIMEOUT_MS });
    this.lastUserName.value = request.userName;
    this.ended.value = null;
    this.#components.tabs.post("logged-in");
    await this.#askAnew();
    if (this.problem.value !== null || this.principal.value !== null) return;
    throw new MeshError(
      "FAILED_PRECONDITION",
      "The password is right, but the browser did not keep the session. Allow cookies for this page",
    );
  }

  /** Ends the session. @throws MeshError when the peer cannot be told: the session is then still there */
  async logout(): Promise<void> {
    this.lastUserName.value = this.principal.value?.userName ?? "";
    await this.#components.client.session.logout();
    this.#told = "logged-out";
    this.#components.tabs.post("logged-out");
    await this.#askAnew();
  }

  /**
   * Makes a mesh, waits until this node serves it, and logs its first user in. When that last step fails the
   * login page does the rest.
   *
   * @throws MeshError as the peer refuses the set-up
   */
  async claim(request: SetupRequest): Promise<void> {
    await this.#components.client.setup(request, { timeoutMs: PASSWORD_TIMEOUT_MS });
    this.lastUserName.value = request.userName;
    this.claiming.value = true;
    while (this.status.value?.state !== "member") {
      await this.#wait(CLAIMING_ASK_MS);
      await this.ask();
    }
    try {
      await this.login({ userName: request.userName, password: request.password });
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
    } finally {
      this.claiming.value = false;
    }
  }

  /** This node is about to belong to the mesh no more: says so from now on, and asks it nothing. */
  bidFarewell(farewell: Farewell): void {
    this.farewell.value = farewell;
    this.#timer?.cancel();
  }

  /** The wall clock by which the peer judges expiry, in ms since 1970; null before its first answer. */
  peerNow(): number | null {
    const clock = this.peerClock.value;
    if (clock === null) return null;
    return peerTime(clock, this.#components.clock.monotonic()) + (this.status.value?.clock?.behindByMs ?? 0);
  }

  async #askAnew(): Promise<void> {
    // An answer that was under way may be from before.
    await this.#asking;
    await this.ask();
  }

  async #ask(): Promise<void> {
    const { client, clock } = this.#components;
    this.#askedAt = clock.monotonic();
    try {
      const status = await client.session.status();
      this.#failures = 0;
      this.problem.value = null;
      this.#take(status);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#failures += 1;
      this.problem.value = error;
    }
  }

  #take(status: SessionStatus): void {
    const before = this.status.value;
    if (status.state === "unclaimed" && before?.state === "member") this.formerMesh.value = before.meshName;
    const reason = endReasonOf(before, status, this.#told);
    if (reason !== null) {
      this.ended.value = reason;
      this.lastUserName.value = this.principal.value?.userName ?? this.lastUserName.value;
    }
    if (status.principal !== null) this.ended.value = null;
    this.#told = null;
    this.status.value = status;
  }

  #note({ status, method, path, peerTimeMs }: AnswerNote): void {
    if (peerTimeMs !== null) {
      this.peerClock.value = { toldMs: peerTimeMs, heardAt: this.#components.clock.monotonic() };
    }
    // The answer to a login says nothing of the session that there is.
    if (path === "/api/v1/session" && method !== "DELETE") return;
    const sinceAsked = this.#components.clock.monotonic() - this.#askedAt;
    // A wrong password is a 401 too: only the peer knows whether the session still is one.
    if (status === 401 && this.principal.value !== null) void this.ask();
    if (status === 403 && sinceAsked > REFUSED_ASK_MS) void this.ask();
  }

  #schedule(): void {
    this.#timer?.cancel();
    const delayMs = this.#nextAskMs();
    if (delayMs === null) return;
    this.#timer = this.#components.clock.setTimer(() => {
      if (this.#components.visibility.visible()) void this.ask();
    }, delayMs);
  }

  #nextAskMs(): number | null {
    const phase = this.phase.value;
    if (phase === "farewell" || phase === "claiming") return null;
    if (phase === "asking") {
      const usualMs = retryDelayMs(Math.max(1, this.#failures), this.#components.random());
      return Math.max(usualMs, this.problem.value?.details.retryAfterMs ?? 0);
    }
    if (phase === "unclaimed") return UNCLAIMED_ASK_MS;
    return KNOWN_ASK_MS;
  }

  #wait(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#components.clock.setTimer(resolve, durationMs);
    });
  }
}
