import { MeshError } from "@pi-controller/schema";
import type { NodeKey } from "../crypto/index.ts";
import { type MeshSecret, meshSecretContext } from "../trust/building/mesh-secrets.ts";
import type { TrustView } from "../trust/trust-port.ts";

/** The newest mesh secret that this node was given. @throws MeshError FAILED_PRECONDITION when it has none */
export async function ownMeshSecret(
  view: Pick<TrustView, "meshSecrets">,
  { box, node }: Pick<NodeKey, "box" | "node">,
): Promise<MeshSecret> {
  const given = view.meshSecrets.get(node);
  if (given === undefined) {
    throw new MeshError("FAILED_PRECONDITION", "This node does not have the secret of the mesh yet");
  }
  const { epoch } = given;
  return { epoch, secret: await box.open(given.box, meshSecretContext(node, epoch)) };
}
