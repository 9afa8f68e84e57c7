import { createPublicKey, type KeyObject } from "node:crypto";
import { Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import { type CertificateFiles, newKeyPair, pemOf, type ServedLeaf } from "./certificate-files.ts";
import { type CertificateNames, normalNames } from "./certificate-names.ts";
import { type LeafState, type LeafTarget, planLeaf, targetOf } from "./leaf-plan.ts";
import { leafTemplate } from "./profiles.ts";
import { type CertificateFacts, readCertificate } from "./read-certificate.ts";
import type { Issuer } from "./x509-builder.ts";

interface Components {
  readonly files: CertificateFiles;
  readonly logger: Logger;
  /** One took the place of another. */
  readonly onRenewed: (leaf: CertificateFacts) => void;
}

/** What a leaf is to be made for, and with. */
export interface LeafSituation {
  readonly nowMs: number;
  readonly nodeName: string;
  readonly names: CertificateNames;
  readonly authority: CertificateFacts | undefined;
  readonly authorityKey: KeyObject;
}

/** The certificate that this node serves now, on disk and in memory. */
export class LeafKeeper {
  readonly #components: Components;
  readonly #changes: Emitter<void>;
  #served: ServedLeaf | undefined;

  constructor(components: Components) {
    this.#components = components;
    this.#changes = new Emitter((error) =>
      components.logger.error({ err: error }, "A listener for certificates failed"),
    );
  }

  get served(): ServedLeaf | undefined {
    return this.#served;
  }

  observe(listener: () => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** Takes the one from the disk, when there is one. @throws MeshError as `CertificateFiles.leaf` */
  async load(): Promise<void> {
    this.#served = await this.#components.files.leaf();
  }

  /** Makes a new one if one is due. @throws MeshError FAILED_PRECONDITION when it cannot be kept; it is served even so */
  async update(situation: LeafSituation): Promise<void> {
    const plan = planLeaf(stateOf(situation, this.#served));
    if (plan === undefined) return;
    this.#components.logger.info(
      { kind: plan.kind, reason: plan.reason, names: plan.names },
      "Making a certificate",
    );
    await this.#replace(situation, plan);
  }

  /** Makes a new one at once. @throws MeshError as `update` */
  async renew(situation: LeafSituation): Promise<void> {
    await this.#replace(situation, targetOf(stateOf(situation, this.#served)));
  }

  async #replace(situation: LeafSituation, target: Pick<LeafTarget, "kind" | "names">): Promise<void> {
    const { files, onRenewed } = this.#components;
    const isFirst = this.#served === undefined;
    const served = await makeLeaf(situation, target);
    this.#served = served;
    this.#changes.emit();
    if (!isFirst) onRenewed(served.leaf);
    await files.keepLeaf(served);
  }
}

async function makeLeaf(
  situation: LeafSituation,
  { kind, names }: Pick<LeafTarget, "kind" | "names">,
): Promise<ServedLeaf> {
  const { buildCertificate } = await import("./x509-builder.ts");
  const { privateKey, publicKey } = newKeyPair();
  const { nodeName, nowMs, authority, authorityKey } = situation;
  const template = leafTemplate({ name: nodeName, key: publicKey, names }, nowMs);
  const bySelf = kind === "self-signed" || authority === undefined;
  const issuer: Issuer = bySelf
    ? { commonName: nodeName, privateKey, publicKey }
    : {
        commonName: authority.commonName,
        privateKey: authorityKey,
        publicKey: createPublicKey(authorityKey),
      };
  const leaf = readCertificate(buildCertificate(template, issuer));
  return { key: pemOf(privateKey), leaf, authority: bySelf ? undefined : authority };
}

function stateOf({ nowMs, names, authority }: LeafSituation, served: ServedLeaf | undefined): LeafState {
  return {
    nowMs,
    names,
    ...(served === undefined
      ? {}
      : { leaf: { ...served.leaf, authority: served.authority?.fingerprint ?? null } }),
    ...(authority === undefined
      ? {}
      : { authority: { ...authority, permitted: normalNames(authority.names) } }),
  };
}
