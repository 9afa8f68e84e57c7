import { createPublicKey, type KeyObject } from "node:crypto";
import {
  type Clock,
  type Logger,
  LogLimiter,
  repeat,
  type Service,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { signStatement } from "../trust/signed-statement.ts";
import type { Envelope, StatementOf } from "../trust/statements.ts";
import type { SigningKey } from "../trust/trust-port.ts";
import { CertificateFiles } from "./certificate-files.ts";
import { type CertificateNames, isSameNames, normalNames } from "./certificate-names.ts";
import { LeafKeeper, type LeafSituation } from "./leaf-keeper.ts";
import { renewalTimeMs } from "./leaf-plan.ts";
import { type CertificateMembership, ownAuthority, requestedNames } from "./own-authority.ts";
import type { CertificateFacts } from "./read-certificate.ts";
import { isRequestDue } from "./request-plan.ts";

/** What this node is called, as of now. */
export interface NodeNames {
  /** In the roster. */
  nodeName(): string;
  /** By `namesOfNode`. */
  certificateNames(): CertificateNames;
  observe(listener: () => void): Unsubscribe;
}

export interface NodeCertificatesComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly names: NodeNames;
  /** Wall clock in ms, as far as it can be trusted. */
  readonly now: () => number;
  /** Left out while the node belongs to no mesh: it serves a self-signed certificate then. */
  readonly membership?: CertificateMembership;
  /** @param expiresAt of the new certificate */
  readonly onRenewed?: (expiresAt: string) => void;
}

export interface NodeCertificatesOptions {
  /** The peer's data directory; exists. */
  readonly directory: string;
  /** How often it is looked whether something is due: the wall clock may be set at any time. */
  readonly checkIntervalMs?: number;
  /** For how long the node's names must be the same before it asks for a certificate for them. */
  readonly settleMs?: number;
}

export interface ServedCertificates {
  readonly leaf: CertificateFacts;
  /** This node's own authority, when that issued the leaf. */
  readonly authority: CertificateFacts | undefined;
  readonly renewsAtMs: number;
}

const CHECK_INTERVAL_MS = 60_000;
const SETTLE_MS = 60_000;
/** A leaf for new names is made after this time: several addresses change together. */
const NAMES_DELAY_MS = 2_000;
const LOG_PERIOD_MS = 3_600_000;

/**
 * What this node proves itself with over TLS: keeps its keys, asks the mesh to certify its own authority, and renews
 * the leaf by itself. A source for the API's TLS server.
 */
export class NodeCertificates implements Service {
  readonly name = "node-certificates";
  readonly #components: NodeCertificatesComponents;
  readonly #options: NodeCertificatesOptions;
  readonly #files: CertificateFiles;
  readonly #keeper: LeafKeeper;
  readonly #limiter: LogLimiter;
  #authorityKey: KeyObject | undefined;
  /** Verifying is not for every look. */
  #judged:
    | { readonly statement: StatementOf<"certificate">; readonly authority: CertificateFacts | string }
    | undefined;
  #names: { readonly value: CertificateNames; readonly sinceMs: number } | undefined;
  #timers: Timer[] = [];
  #soon: Timer | undefined;
  #subscriptions: Unsubscribe[] = [];
  #work: Promise<void> = Promise.resolve();
  #checkWaits = false;

  constructor(components: NodeCertificatesComponents, options: NodeCertificatesOptions) {
    this.#components = components;
    this.#options = options;
    this.#files = new CertificateFiles(options.directory);
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
    this.#keeper = new LeafKeeper({
      files: this.#files,
      logger: components.logger,
      onRenewed: ({ notAfterMs }) => components.onRenewed?.(new Date(notAfterMs).toISOString()),
    });
  }

  /** @throws MeshError FAILED_PRECONDITION when files cannot be read or written, DATA_LOSS when the key is damaged */
  async start(): Promise<void> {
    const { clock, names, membership } = this.#components;
    this.#authorityKey = await this.#files.authorityKey();
    await this.#keeper.load();
    await this.#keeper.update(this.#situation(this.#authorityKey));
    this.#subscriptions = [
      names.observe(() => this.#checkSoon()),
      ...(membership === undefined ? [] : [membership.trust.observe(() => this.#check())]),
    ];
    const intervalMs = this.#options.checkIntervalMs ?? CHECK_INTERVAL_MS;
    this.#timers = [
      repeat(
        clock,
        () => intervalMs,
        () => this.#check(),
        () => undefined,
      ),
    ];
    this.#check();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    for (const timer of this.#timers) timer.cancel();
    this.#soon?.cancel();
    this.#subscriptions = [];
    this.#timers = [];
    this.#soon = undefined;
    await this.#work;
  }

  /** All PEM. @throws MeshError FAILED_PRECONDITION before the start */
  secureContext(): { readonly key: string; readonly cert: string; readonly ca?: string } {
    const served = this.#keeper.served;
    if (served === undefined) throw notStarted();
    const { membership } = this.#components;
    return {
      key: served.key,
      cert: served.leaf.pem + (served.authority?.pem ?? ""),
      ...(membership === undefined ? {} : { ca: membership.trust.view.rootCertificate }),
    };
  }

  /** Calls back when another certificate is served. */
  observe(listener: () => void): Unsubscribe {
    return this.#keeper.observe(listener);
  }

  /** @throws MeshError FAILED_PRECONDITION before the start */
  served(): ServedCertificates {
    const served = this.#keeper.served;
    if (served === undefined) throw notStarted();
    return { leaf: served.leaf, authority: served.authority, renewsAtMs: renewalTimeMs(served.leaf) };
  }

  /** Makes a new leaf now. @throws MeshError FAILED_PRECONDITION when it cannot be written */
  renew(): Promise<void> {
    return this.#enqueue(async () => this.#keeper.renew(this.#situation(this.#key())));
  }

  /** Resolves when all that is under way has ended. */
  settled(): Promise<void> {
    return this.#work;
  }

  /**
   * What this node asks of a mesh that it is about to join: to certify its authority for the names that it has now.
   *
   * @param key of the node itself
   * @param version of the statement; 1 for a node that the mesh does not know
   */
  async certificateRequest(node: NodeId, key: SigningKey, version = 1): Promise<Envelope> {
    const statement = await this.#requestStatement(node, version, this.#currentNames().value);
    return signStatement(statement, [key]);
  }

  async #requestStatement(
    node: NodeId,
    version: number,
    { dnsNames, ipAddresses }: CertificateNames,
  ): Promise<StatementOf<"certificate-request">> {
    const { buildRequest } = await import("./x509-builder.ts");
    const privateKey = this.#key();
    return {
      kind: "certificate-request",
      version,
      issuedAt: new Date(this.#components.now()).toISOString(),
      node,
      request: buildRequest(this.#components.names.nodeName(), {
        privateKey,
        publicKey: createPublicKey(privateKey),
      }),
      dnsNames: [...dnsNames],
      ipAddresses: [...ipAddresses],
    };
  }

  #checkSoon(): void {
    this.#soon?.cancel();
    this.#soon = this.#components.clock.setTimer(() => this.#check(), NAMES_DELAY_MS);
  }

  #check(): void {
    if (this.#checkWaits) return;
    this.#checkWaits = true;
    this.#enqueue(async () => {
      this.#checkWaits = false;
      await this.#keeper.update(this.#situation(this.#key()));
      await this.#askWhenDue();
    }).catch((error: unknown) => {
      this.#limiter.limit("check", (suppressed) =>
        this.#components.logger.error(
          { err: error, suppressed },
          "The certificate could not be kept up to date",
        ),
      );
    });
  }

  /** One thing at a time, in the order asked for. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.then(
      () => undefined,
      // Whoever asked for it is told.
      () => undefined,
    );
    return done;
  }

  async #askWhenDue(): Promise<void> {
    const { membership, clock } = this.#components;
    if (membership === undefined) return;
    const { node, key, trust } = membership;
    // Nobody certifies a node that is gone; its requests are not even in the view, so that each would look like the first.
    if (!trust.view.members.has(node)) return;
    const { value: names, sinceMs } = this.#currentNames();
    const request = trust.view.certificateRequests.get(node);
    const requested = requestedNames(request, this.#key());
    const unchangedForMs = clock.monotonic() - sinceMs;
    if (!isRequestDue({ names, unchangedForMs, requested }, this.#options.settleMs ?? SETTLE_MS)) return;
    const version = trust.nextVersion(`certificate-request/${node}`);
    const statement = await this.#requestStatement(node, version, names);
    await trust.publish([trust.sign(statement, [key])]);
    this.#components.logger.info({ names, version }, "Asked the mesh to certify this node's names");
  }

  #situation(authorityKey: KeyObject): LeafSituation {
    const { names, now } = this.#components;
    const authority = this.#authority(authorityKey);
    return {
      nowMs: now(),
      nodeName: names.nodeName(),
      names: this.#currentNames().value,
      authority,
      authorityKey,
    };
  }

  #authority(authorityKey: KeyObject): CertificateFacts | undefined {
    const { membership, logger } = this.#components;
    if (membership === undefined) return undefined;
    const { view } = membership.trust;
    const statement = view.certificates.get(membership.node);
    if (statement === undefined) return undefined;
    if (this.#judged?.statement !== statement) {
      this.#judged = { statement, authority: ownAuthority(statement, view.rootCertificate, authorityKey) };
    }
    const { authority } = this.#judged;
    if (typeof authority !== "string") return authority;
    this.#limiter.limit("authority", () =>
      logger.warn(
        { reason: authority },
        "The certificate that the mesh has issued to this node is of no use",
      ),
    );
    return undefined;
  }

  #currentNames(): { readonly value: CertificateNames; readonly sinceMs: number } {
    const value = normalNames(this.#components.names.certificateNames());
    if (this.#names === undefined || !isSameNames(this.#names.value, value)) {
      this.#names = { value, sinceMs: this.#components.clock.monotonic() };
    }
    return this.#names;
  }

  #key(): KeyObject {
    if (this.#authorityKey === undefined) throw notStarted();
    return this.#authorityKey;
  }
}

const notStarted = () => new MeshError("FAILED_PRECONDITION", "The certificates are not loaded yet");
