import { MeshError } from "@pi-controller/schema";
import { Turns } from "../turns.ts";

/** The one change of an unclaimed node: it becomes a member of one mesh, once, whoever asks and how many at once. */
export class Claim {
  #meshId: string | undefined;
  readonly #turns = new Turns();

  /** The mesh that it belongs to. */
  get meshId(): string | undefined {
    return this.#meshId;
  }

  /**
   * To be called before anybody's wish to take the node in is looked at.
   *
   * @throws MeshError ALREADY_EXISTS when the node belongs to this mesh, FAILED_PRECONDITION when to another
   */
  check(meshId: string): void {
    if (this.#meshId === undefined) return;
    if (this.#meshId !== meshId) throw alreadyClaimed();
    throw new MeshError("ALREADY_EXISTS", "This node belongs to the mesh already");
  }

  /**
   * Makes the node a member. Those who come meanwhile wait; when it is a member of the same mesh then, that is
   * what they wanted.
   *
   * @param store puts it on the disk, all or nothing; what it throws is thrown here, and nothing has changed
   * @returns whether it was this call that did it
   * @throws MeshError FAILED_PRECONDITION when the node belongs to another mesh
   */
  join(meshId: string, store: () => Promise<void>): Promise<boolean> {
    return this.#turns.take(async () => {
      if (this.#meshId === meshId) return false;
      if (this.#meshId !== undefined) throw alreadyClaimed();
      await store();
      this.#meshId = meshId;
      return true;
    });
  }

  /**
   * Makes a mesh with this node in it.
   *
   * @param create makes and stores it, and resolves to the id of the mesh
   * @throws MeshError FAILED_PRECONDITION when the node belongs to a mesh
   */
  create(create: () => Promise<string>): Promise<string> {
    return this.#turns.take(async () => {
      if (this.#meshId !== undefined) throw alreadyClaimed();
      this.#meshId = await create();
      return this.#meshId;
    });
  }
}

function alreadyClaimed(): MeshError {
  return new MeshError("FAILED_PRECONDITION", "This node belongs to a mesh already");
}
