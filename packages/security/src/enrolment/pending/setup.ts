import type { Clock, Logger } from "@pi-controller/runtime";
import { MeshError, type SessionStatus, type SetupRequest, type SetupResult } from "@pi-controller/schema";
import {
  equalBytes,
  fingerprintOf,
  type NodeKey,
  type PasswordCost,
  type PasswordHasher,
  parseSetupCode,
  utf8,
} from "../../crypto/index.ts";
import { type FoundedMesh, newMesh } from "../../trust/building/mesh.ts";
import type { Envelope } from "../../trust/statements.ts";
import type { RequestOrigin, SetupUseCases } from "../../use-cases.ts";
import type { AttemptLimits } from "../attempt-limits/attempt-limits.ts";
import type { Claim } from "./claim.ts";

export interface SetupComponents {
  readonly nodeKey: NodeKey;
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  readonly limits: AttemptLimits;
  readonly claim: Claim;
  readonly hasher: Pick<PasswordHasher, "derive">;
  /** Makes the X.509 root of a mesh. */
  readonly createRoot: (
    meshName: string,
  ) => Promise<{ readonly certificatePem: string; readonly privateKeyPkcs8: Uint8Array }>;
  /** What else the first member should have while the authority is unsealed, such as its own certificate. */
  readonly signFirst?: ((mesh: FoundedMesh) => Promise<readonly Envelope[]>) | undefined;
  /** Puts a mesh on this node's disk, all or nothing. */
  readonly store: (meshId: string, envelopes: readonly Envelope[]) => Promise<void>;
  /** Called when a mesh was made. */
  readonly onCreated: (created: { readonly meshId: string; readonly nodeName: string | undefined }) => void;
}

export interface SetupOptions {
  /** In its canonical form. */
  readonly setupCode: string;
  readonly name: string;
  /** When this program was made, in ms since 1970: it is not earlier. */
  readonly buildDateMs: number;
  readonly passwordCost?: PasswordCost | undefined;
}

/** A clock that runs a little slow is no cause for alarm. */
const BEHIND_TOLERANCE_MS = 60_000;

/** The set-up page of a node that belongs to no mesh: makes one with the node in it. */
export class Setup implements SetupUseCases {
  readonly #components: SetupComponents;
  readonly #options: SetupOptions;

  constructor(components: SetupComponents, options: SetupOptions) {
    this.#components = components;
    this.#options = options;
  }

  /** @param origin who asks: lock-outs are by address */
  status(origin?: Pick<RequestOrigin, "address">): SessionStatus {
    const { clock, limits, nodeKey } = this.#components;
    const nowMs = clock.now();
    const behindByMs = this.#options.buildDateMs - nowMs;
    const lockedMs = origin === undefined ? 0 : limits.lockedMs(origin.address);
    return {
      state: "unclaimed",
      node: nodeKey.node,
      nodeName: this.#options.name,
      fingerprint: fingerprintOf(nodeKey.node),
      meshName: null,
      principal: null,
      oidc: null,
      clock: behindByMs > BEHIND_TOLERANCE_MS ? { behindByMs } : null,
      lockedUntil: lockedMs === 0 ? null : new Date(nowMs + lockedMs).toISOString(),
    };
  }

  async setUp(request: SetupRequest, origin: RequestOrigin): Promise<SetupResult> {
    const { claim, limits, logger, nodeKey, onCreated } = this.#components;
    if (claim.meshId !== undefined) {
      throw new MeshError("FAILED_PRECONDITION", "This node belongs to a mesh already");
    }
    const code = parseSetupCode(request.code);
    // What can be no code is a slip of the pen and no guess.
    if (code === undefined) throw wrongCode("expected 20 letters and digits, as XXXXX-XXXXX-XXXXX-XXXXX");
    limits.tryCode(origin.address);
    if (!equalBytes(utf8(code), utf8(this.#options.setupCode))) {
      limits.failed(origin.address);
      throw wrongCode("expected the set-up code that this node shows on its console and in its log");
    }
    const meshId = await claim.create(() => this.#create(request));
    logger.info(
      { meshId, meshName: request.meshName, address: origin.address },
      "A mesh was made on this node",
    );
    onCreated({ meshId, nodeName: request.nodeName });
    return { meshId, node: nodeKey.node };
  }

  async #create({ meshName, password, userName }: SetupRequest): Promise<string> {
    const { clock, createRoot, hasher, nodeKey, signFirst, store } = this.#components;
    const root = await createRoot(meshName);
    try {
      const mesh = await newMesh(
        { hasher },
        {
          meshName,
          userName,
          password,
          rootCertificate: root.certificatePem,
          rootKey: root.privateKeyPkcs8,
          node: nodeKey,
          nowMs: Math.max(clock.now(), this.#options.buildDateMs),
        },
        this.#options.passwordCost,
      );
      try {
        await store(mesh.meshId, [...mesh.envelopes, ...((await signFirst?.(mesh)) ?? [])]);
        return mesh.meshId;
      } finally {
        mesh.authority.wipe();
      }
    } finally {
      root.privateKeyPkcs8.fill(0);
    }
  }
}

function wrongCode(message: string): MeshError {
  return new MeshError("INVALID_ARGUMENT", "The set-up code is wrong", {
    fields: [{ field: "code", message }],
  });
}
