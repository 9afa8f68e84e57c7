import type { Documents } from "@pi-controller/document";
import { type NodeUseCases, nodesCollection } from "@pi-controller/nodes";
import type { Logger, Service, Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { Trust } from "@pi-controller/security";

export interface ForgetRevokedComponents {
  readonly documents: Pick<Documents, "mesh">;
  readonly trust: Pick<Trust, "view" | "observe">;
  readonly nodes: Pick<NodeUseCases, "forget">;
  readonly logger: Logger;
}

/** Takes whoever was revoked or has left out of the roster. Every member sees to it: the first may be gone. */
export class ForgetRevoked implements Service {
  readonly name = "forget revoked";
  readonly #components: ForgetRevokedComponents;
  readonly #self: NodeId;
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: ForgetRevokedComponents, options: { readonly self: NodeId }) {
    this.#components = components;
    this.#self = options.self;
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#components.trust.observe(() => this.#forget());
    this.#forget();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #forget(): void {
    const { documents, logger, nodes, trust } = this.#components;
    const { members, revocations } = trust.view;
    for (const { id, kind } of documents.mesh.collection(nodesCollection).all()) {
      // Not itself: it enters itself again for as long as it runs, and the others are there to see to it.
      if (kind !== "peer" || id === this.#self || members.has(id) || !revocations.has(id)) continue;
      nodes.forget(id, { correlationId: `revoked-${id.slice(-16)}` }).catch((error: unknown) => {
        logger.warn({ node: id, err: error }, "A node that is gone could not be taken out of the roster");
      });
    }
  }
}
