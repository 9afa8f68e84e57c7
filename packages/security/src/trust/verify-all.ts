import { MeshError } from "@pi-controller/schema";
import { resolve } from "./resolve.ts";
import { readEnvelope, type SignedStatement } from "./signed-statement.ts";
import type { Envelope } from "./statements.ts";
import type { MergeResult, TrustView } from "./trust-port.ts";
import { viewOf } from "./view.ts";

export interface VerifiedMesh {
  readonly view: TrustView;
  /** What stands: to be kept. */
  readonly envelopes: readonly Envelope[];
  readonly rejected: MergeResult["rejected"];
}

/**
 * Verifies what somebody says of a mesh, on a node that does not belong to it yet.
 *
 * @param envelopes as they came
 * @param meshId of the mesh that it has to be: whoever admits this node may be nobody
 * @throws MeshError FAILED_PRECONDITION when the genesis of that mesh is not among them
 */
export function verifyAll(envelopes: readonly unknown[], meshId: string): VerifiedMesh {
  const statements: SignedStatement[] = [];
  const rejected: { key: string | undefined; reason: string }[] = [];
  for (const envelope of envelopes) {
    try {
      statements.push(readEnvelope(envelope));
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      rejected.push({ key: undefined, reason: error.message });
    }
  }
  const resolution = resolve(statements, meshId);
  for (const { signed, reason } of resolution.rejected) rejected.push({ key: signed.key, reason });
  const standing = [...resolution.standing.values()].map(({ envelope }) => envelope);
  return { view: viewOf(resolution, meshId), envelopes: standing, rejected };
}
