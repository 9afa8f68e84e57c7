import type { RequestContext, Revised } from "@pi-controller/nodes";
import {
  MeshError,
  type NodeId,
  type NodeQuery,
  type NodeRegistration,
  type NodeUpdate,
  type NodeView,
} from "@pi-controller/schema";
import type { ServedNodes } from "../routes/node-routes.ts";
import { meshView, metricsSample, nodeView } from "./samples.ts";

/** The use cases of nodes over a map, for tests of the edges: it has the answers and errors, and no mesh. */
export class MemoryNodes implements ServedNodes {
  readonly #nodes = new Map<NodeId, { value: NodeView; revision: string }>();
  #writes = 0;
  /** The contexts of all writes. */
  readonly contexts: RequestContext[] = [];
  /** Thrown by the next call of `mesh`, when set. */
  failure: Error | undefined;
  /** Writes wait for this, so that a test can have one under way. */
  gate: Promise<void> = Promise.resolve();

  constructor(count: number) {
    for (let number = 0; number < count; number++) this.#put(nodeView(number));
  }

  list({ limit, cursor, name }: NodeQuery) {
    const start = cursor === undefined ? 0 : Number(cursor);
    if (!Number.isSafeInteger(start) || start < 0) throw new MeshError("INVALID_ARGUMENT", "Invalid cursor");
    const all = [...this.#nodes.values()].map(({ value }) => value);
    const matching = all.filter((node) => name === undefined || node.name.includes(name));
    const end = start + limit;
    return {
      items: matching.slice(start, end),
      total: matching.length,
      nextCursor: end < matching.length ? String(end) : null,
    };
  }

  get(id: NodeId): Revised<NodeView> {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new MeshError("NOT_FOUND", `There is no node ${id}`);
    return node;
  }

  async register(registration: NodeRegistration, context: RequestContext) {
    this.contexts.push(context);
    await this.gate;
    const known = [...this.#nodes.values()].find(({ value }) => value.address === registration.address);
    if (known !== undefined) return { ...known, created: false };
    const template = nodeView(this.#nodes.size);
    const { address, name = template.name, labels = {} } = registration;
    return { ...this.#put({ ...template, kind: "manual", address, name, labels }), created: true };
  }

  async update(id: NodeId, update: NodeUpdate, ifMatch: string | undefined, context: RequestContext) {
    this.contexts.push(context);
    await this.gate;
    const { value } = this.#expect(id, ifMatch);
    const { name = value.name, labels = value.labels } = update;
    return this.#put({ ...value, name, labels });
  }

  async remove(id: NodeId, ifMatch: string | undefined, context: RequestContext): Promise<void> {
    this.contexts.push(context);
    const { value } = this.#expect(id, ifMatch);
    if (value.membership.state === "alive")
      throw new MeshError("FAILED_PRECONDITION", `${value.name} is alive`);
    this.#nodes.delete(id);
  }

  metrics(id: NodeId, { limit }: { readonly limit: number }) {
    const history = Array.from({ length: Math.min(limit, 3) }, (_none, number) => metricsSample(number));
    return { node: id, last: this.get(id).value.metrics, history };
  }

  mesh() {
    if (this.failure !== undefined) throw this.failure;
    return meshView();
  }

  #expect(id: NodeId, ifMatch: string | undefined): Revised<NodeView> {
    const node = this.get(id);
    if (ifMatch !== undefined && ifMatch !== node.revision) {
      throw new MeshError("FAILED_PRECONDITION", `${node.value.name} has changed in the meantime`);
    }
    return node;
  }

  #put(value: NodeView): Revised<NodeView> {
    this.#writes += 1;
    const node = { value, revision: `revision-${this.#writes}` };
    this.#nodes.set(value.id, node);
    return node;
  }
}
