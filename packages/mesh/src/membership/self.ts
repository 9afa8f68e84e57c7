import { compareVersions, type MemberUpdate, type Version } from "./member.ts";
import type { SelfReport } from "./swim-types.ts";

/** This peer as a member: always alive in its own eyes until it leaves. */
export class Self {
  #version: Version;
  #leaving = false;

  constructor(bootEpoch: number) {
    this.#version = { bootEpoch, incarnation: 0 };
  }

  get report(): SelfReport {
    return { state: this.#leaving ? "left" : "alive", ...this.#version };
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  leave(): void {
    this.#leaving = true;
  }

  /** Denies what others may have come to believe while this process stood still. */
  renew(): void {
    if (this.#leaving) return;
    this.#version = { ...this.#version, incarnation: this.#version.incarnation + 1 };
  }

  /**
   * Hears what others say of this peer, and denies it with a higher incarnation when it is wrong.
   *
   * @returns `denied` when others must be told, `outdated` when moreover they know a later life of this peer
   */
  hear(claim: MemberUpdate): "agreed" | "denied" | "outdated" {
    const order = compareVersions(claim, this.#version);
    const wrong = order > 0 || (order === 0 && claim.state !== "alive");
    if (this.#leaving || !wrong) return "agreed";
    const outdated = claim.bootEpoch > this.#version.bootEpoch;
    this.#version = { bootEpoch: claim.bootEpoch, incarnation: claim.incarnation + 1 };
    return outdated ? "outdated" : "denied";
  }
}
