import type { Clock, Random, Timer } from "@pi-controller/runtime";
import type { Packet } from "dns-packet";
import type { LocalInterface } from "./interfaces.ts";
import { isQuestionFor, question, records, tellingsIn } from "./mdns-records.ts";
import {
  ANNOUNCEMENT_DELAYS_MS,
  answerDelayMs,
  MIN_ANSWER_INTERVAL_MS,
  questionDelayMs,
} from "./mdns-schedule.ts";
import type { Announcement, MdnsTopic } from "./mdns-topic.ts";

interface Components {
  readonly clock: Clock;
  readonly random: Random;
  /** Where packets leave; what comes of it is not this one's business. */
  readonly mouth: { ask(packet: Packet): void; tell(packet: Packet): void };
}

/** Asks, answers and announces one topic on one interface. */
export class MdnsSpeaker {
  readonly #components: Components;
  readonly #local: LocalInterface;
  readonly #topic: MdnsTopic;
  readonly #announcing = new Set<Timer>();
  #announced: Announcement | undefined;
  #browsed: readonly string[] = [];
  #asking: Timer | undefined;
  #answering: Timer | undefined;
  /** How often the question was asked, by whomever. */
  #asked = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  #answeredMs = Number.NEGATIVE_INFINITY;

  constructor(components: Components, local: LocalInterface, topic: MdnsTopic) {
    this.#components = components;
    this.#local = local;
    this.#topic = topic;
  }

  /** Begins, or takes in what has changed about the topic. */
  refresh(): void {
    this.#announce(this.#topic.announced(this.#local));
    this.#browse(this.#topic.browsed());
  }

  /** Says goodbye to those who heard of it, and does nothing any more. */
  end(): void {
    this.#announce(undefined);
    this.#browse([]);
  }

  onPacket(packet: Packet): void {
    if (packet.type === "query") {
      this.#onQuestion(packet);
      return;
    }
    for (const service of this.#browsed) {
      for (const telling of tellingsIn(service, packet)) this.#topic.heard(telling, this.#local);
    }
  }

  #announce(announcement: Announcement | undefined): void {
    const before = this.#announced;
    if (JSON.stringify(announcement) === JSON.stringify(before)) return;
    this.#announced = announcement;
    for (const timer of this.#announcing) timer.cancel();
    this.#announcing.clear();
    this.#answering?.cancel();
    this.#answering = undefined;
    const isGone = before?.service !== announcement?.service || before?.instance !== announcement?.instance;
    // It is lost like any packet: nothing depends on it.
    if (before !== undefined && isGone) this.#components.mouth.tell(records(before, 0));
    if (announcement === undefined) return;
    for (const delayMs of ANNOUNCEMENT_DELAYS_MS) {
      const timer = this.#components.clock.setTimer(() => {
        this.#announcing.delete(timer);
        this.#tell();
      }, delayMs);
      this.#announcing.add(timer);
    }
  }

  #browse(services: readonly string[]): void {
    if (services.join() === this.#browsed.join()) return;
    this.#browsed = [...services];
    this.#asked = 0;
    this.#askedMs = Number.NEGATIVE_INFINITY;
    this.#asking?.cancel();
    if (services.length > 0) this.#askLater();
  }

  #onQuestion(packet: Packet): void {
    const { clock, random } = this.#components;
    const announced = this.#announced;
    if (
      announced !== undefined &&
      this.#answering === undefined &&
      isQuestionFor(announced.service, packet)
    ) {
      const sinceLastMs = clock.monotonic() - this.#answeredMs;
      this.#answering = clock.setTimer(
        () => {
          this.#answering = undefined;
          this.#tell();
        },
        answerDelayMs(sinceLastMs, random, this.#topic.knownCount()),
      );
    }
    // Everybody answers everybody: once somebody has asked, nobody else needs to for a while.
    const isAsked =
      this.#browsed.length > 0 && this.#browsed.every((service) => isQuestionFor(service, packet));
    if (!isAsked || this.#asked === 0) return;
    this.#noteAsked();
    this.#askLater();
  }

  /**
   * What comes so soon after another is this one's own question that it hears, too, or brings no more answers than that
   * one: where packets are lost, peers that start together would find each other a minute later if each counted.
   */
  #noteAsked(): void {
    const nowMs = this.#components.clock.monotonic();
    if (nowMs - this.#askedMs < MIN_ANSWER_INTERVAL_MS) return;
    this.#askedMs = nowMs;
    this.#asked++;
  }

  #tell(): void {
    if (this.#announced === undefined) return;
    this.#answeredMs = this.#components.clock.monotonic();
    this.#components.mouth.tell(records(this.#announced));
  }

  #askLater(): void {
    const { clock, mouth, random } = this.#components;
    const { longestQuestionIntervalMs } = this.#topic;
    this.#asking?.cancel();
    this.#asking = clock.setTimer(
      () => {
        this.#noteAsked();
        this.#askLater();
        mouth.ask(question(this.#browsed));
      },
      questionDelayMs(this.#asked, this.#topic.knownCount(), random, longestQuestionIntervalMs),
    );
  }
}
