import { type NodeId, nodeIdSchema } from "@pi-controller/schema";
import * as z from "zod";
import { defineCollection } from "./collection.ts";
import { clientIdOf } from "./content/client-id.ts";

/** Names one run of a store: drawn when it is new or was set back, so that no history is continued twice. */
export const epochSchema = z.string().regex(/^[0-9a-f]{16}$/, "expected 16 hexadecimal digits");

/** Names one generation of a node document: the epoch that made it, and its number. */
export const guidSchema = z
  .string()
  .regex(/^[0-9a-f]{16}-[1-9][0-9]{0,14}$/, "expected an epoch, a dash and a generation");

/** Which generation of its document a node writes: key `documents/<id>` of the mesh document, its own to write. */
export const announcedDocumentSchema = z.object({
  id: nodeIdSchema,
  guid: guidSchema,
});
export type AnnouncedDocument = z.infer<typeof announcedDocumentSchema>;

/** A node that is not in here has no document: taking it out is what makes all peers drop it. */
export const announcedDocuments = defineCollection({ name: "documents", schema: announcedDocumentSchema });

/** The log of the store's own facts. */
export const STORAGE_LOG = "storage";
/** The log of the mesh document. */
export const MESH_LOG = "mesh";

export function nodeLog(node: NodeId, guid: string): string {
  return `node/${node}/${guid}`;
}

/** The node and guid in a log's name; undefined when it is not a node document's. */
export function parseNodeLog(log: string): AnnouncedDocument | undefined {
  const [kind, id, guid, ...rest] = log.split("/");
  const parsed = announcedDocumentSchema.safeParse({ id, guid });
  return kind === "node" && rest.length === 0 && parsed.success ? parsed.data : undefined;
}

export function epochOf(guid: string): string {
  return guid.slice(0, guid.indexOf("-"));
}

export function generationOf(guid: string): number {
  return Number(guid.slice(guid.indexOf("-") + 1));
}

/** Under which id a peer writes the mesh document. */
export function meshClient(node: NodeId, epoch: string): number {
  return clientIdOf("mesh", node, epoch);
}

/** The one author of one generation of a node's document. */
export function nodeClient(node: NodeId, guid: string): number {
  return clientIdOf("node", node, guid);
}
