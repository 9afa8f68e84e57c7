import type { NodeId } from "@pi-controller/schema";
import { compareVersions, type MemberUpdate, type Version, versionAfter } from "./member.ts";
import { isVouchedFor, type SelfReport, signSelfReport } from "./self-report.ts";
import type { SelfReportSigner } from "./self-report-signer.ts";

/** This peer as a member: always alive in its own eyes until it leaves. */
export class Self {
  readonly #id: NodeId;
  readonly #signer: SelfReportSigner;
  #version: Version;
  #leaving = false;
  /** Of this version and state; undefined until somebody asks. */
  #report: SelfReport | undefined;

  constructor(signer: SelfReportSigner, id: NodeId, bootEpoch: number) {
    this.#signer = signer;
    this.#id = id;
    this.#version = { bootEpoch, incarnation: 0 };
  }

  get report(): SelfReport {
    const state = this.#leaving ? "left" : "alive";
    this.#report ??= signSelfReport(this.#signer, this.#id, this.#version, state);
    return this.#report;
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  leave(): void {
    this.#leaving = true;
    this.#report = undefined;
  }

  /** Denies what others may have come to believe while this process stood still. */
  renew(): void {
    if (!this.#leaving) this.#become(versionAfter(this.#version));
  }

  /**
   * Hears what others say of this peer, and denies it with a higher incarnation when it is wrong.
   *
   * @returns `denied` when others must be told, `outdated` when moreover they know a later life of this peer,
   *   `unproven` when this peer never said what the claim presupposes
   */
  hear(claim: MemberUpdate): "agreed" | "denied" | "outdated" | "unproven" {
    const order = compareVersions(claim, this.#version);
    const wrong = order > 0 || (order === 0 && claim.state !== "alive");
    if (this.#leaving || !wrong) return "agreed";
    const isNews = order > 0 || claim.state === "left";
    if (isNews && !isVouchedFor(this.#signer, claim)) return "unproven";
    const outdated = claim.bootEpoch > this.#version.bootEpoch;
    this.#become(versionAfter(claim));
    return outdated ? "outdated" : "denied";
  }

  #become(version: Version): void {
    this.#version = version;
    this.#report = undefined;
  }
}
