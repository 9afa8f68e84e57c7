import type { Logger } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import * as z from "zod";
import type { Replica } from "./commit/replica.ts";
import { meshReplica, type NodeReplica, nodeReplica } from "./document-set.ts";
import { epochSchema, MESH_LOG, parseNodeLog, STORAGE_LOG } from "./names.ts";
import type { LogChange, Store } from "./store/store.ts";
import { joined, type Unchecked, uncheckedSchema } from "./unchecked.ts";

const storageSchema = z.object({
  epoch: epochSchema,
  /** The how-manieth epoch of this peer; older versions do not count them. */
  ordinal: z.int().nonnegative().default(0),
  /** What of it was said in the entries before stays. */
  unchecked: uncheckedSchema.optional(),
});

type StoreEpoch = z.infer<typeof storageSchema>;

export interface LoadedDocuments extends StoreEpoch {
  /** `new`: there was nothing. `recovered`: there was something damaged, which is set aside now. */
  readonly origin: "existing" | "new" | "recovered";
  readonly mesh: Replica;
  readonly nodes: readonly { readonly node: NodeId; readonly held: NodeReplica }[];
}

/** The change that gives the store a new epoch. */
export function epochChange(epoch: StoreEpoch): LogChange {
  return { kind: "replace", log: STORAGE_LOG, entry: encodeEpoch(epoch) };
}

/**
 * The change that adds to what is unchecked.
 *
 * @param epoch that of the store, unless `changes`, which go along with it, give it another one
 */
export function uncheckedChange(
  epoch: StoreEpoch,
  unchecked: Unchecked,
  changes: readonly LogChange[],
): LogChange {
  const changed = changes.findLast((change) => change.log === STORAGE_LOG && change.kind !== "drop");
  const { epoch: name, ordinal } =
    changed === undefined || changed.kind === "drop" ? epoch : readEpoch([changed.entry]);
  const entry = encodeEpoch({ epoch: name, ordinal, unchecked });
  return { kind: "append", log: STORAGE_LOG, entry };
}

function encodeEpoch(epoch: StoreEpoch): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(epoch));
}

/**
 * Opens the store and reads all documents; a new store gets its epoch.
 *
 * @param options `recover`: set a damaged store aside and start empty; `newEpoch` draws an epoch, of the given ordinal; `suffix`
 *   names what is set aside
 * @throws MeshError DATA_LOSS when the store is damaged and `recover` was not asked for, and what the store
 *   throws
 */
export async function loadDocuments(
  components: { store: Store; logger: Logger },
  options: { recover: boolean; newEpoch: () => string; ordinal: number; suffix: () => string },
): Promise<LoadedDocuments> {
  const { store, logger } = components;
  const { ordinal } = options;
  // Whoever had an epoch before may have written what others still have.
  const isFirst = (origin: "new" | "recovered") => origin === "new" && ordinal <= 1;
  const newEpoch = (origin: "new" | "recovered") => ({
    epoch: options.newEpoch(),
    ordinal,
    unchecked: isFirst(origin) ? undefined : { meshKeys: [], ownKeys: [] },
  });
  try {
    await store.open();
    const loaded = await readAll(store);
    if (loaded !== undefined) return loaded;
    return { ...(await begin(store, newEpoch("new"))), origin: "new" };
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== "DATA_LOSS") throw error;
    if (!options.recover) {
      throw new MeshError(
        "DATA_LOSS",
        `${error.message}. Start once with --recover to move it aside and fetch the state from other peers`,
        error.details,
        { cause: error },
      );
    }
    const movedTo = await store.setAside(options.suffix());
    logger.warn(
      { error, movedTo },
      "Moved the damaged document store aside; its state comes from other peers",
    );
    return { ...(await begin(store, newEpoch("recovered"))), origin: "recovered" };
  }
}

async function begin(store: Store, epoch: StoreEpoch): Promise<Omit<LoadedDocuments, "origin">> {
  await store.write([epochChange(epoch)]);
  return { ...epoch, mesh: meshReplica(), nodes: [] };
}

async function readAll(store: Store): Promise<LoadedDocuments | undefined> {
  const mesh = meshReplica();
  const nodes: { node: NodeId; held: NodeReplica }[] = [];
  let epoch: StoreEpoch | undefined;
  let isEmpty = true;
  for await (const { log, entries } of store.read()) {
    isEmpty = false;
    if (log === STORAGE_LOG) {
      epoch = readEpoch(entries);
    } else if (log === MESH_LOG) {
      load(mesh, entries);
    } else {
      const name = parseNodeLog(log);
      if (name === undefined)
        throw new MeshError("DATA_LOSS", `The store has a log that no peer wrote: ${log}`);
      const held = nodeReplica(name.id, name.guid);
      load(held.replica, entries);
      nodes.push({ node: name.id, held });
    }
  }
  if (isEmpty) return undefined;
  if (epoch === undefined) throw new MeshError("DATA_LOSS", "The store has lost its epoch");
  return { ...epoch, origin: "existing", mesh, nodes };
}

function readEpoch(entries: readonly Uint8Array[]): StoreEpoch {
  try {
    const read = entries.map((entry) => storageSchema.parse(JSON.parse(new TextDecoder().decode(entry))));
    const { epoch, ordinal } = storageSchema.parse(read.at(-1));
    return { epoch, ordinal, unchecked: joined(read.map(({ unchecked }) => unchecked)) };
  } catch (error) {
    throw new MeshError("DATA_LOSS", "The store's epoch cannot be read", {}, { cause: error });
  }
}

function load(replica: Replica, entries: readonly Uint8Array[]): void {
  try {
    replica.load(entries);
  } catch (error) {
    throw new MeshError("DATA_LOSS", `The document ${replica.log} cannot be read`, {}, { cause: error });
  }
  if (!replica.document.isComplete()) {
    throw new MeshError("DATA_LOSS", `The document ${replica.log} has lost a part`);
  }
}
