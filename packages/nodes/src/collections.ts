import { defineCollection } from "@pi-controller/document";
import { announcementSchema, boardRecordSchema, nodeRecordSchema } from "@pi-controller/schema";

/** The roster, in the mesh document: every node, alive or not, until an operator removes it. */
export const nodesCollection = defineCollection({ name: "nodes", schema: nodeRecordSchema });

/** What each peer says of itself, in the mesh document; written by that peer alone. */
export const announcementsCollection = defineCollection({
  name: "announcements",
  schema: announcementSchema,
});

/** What each machine is, in its own node's document. */
export const boardsCollection = defineCollection({ name: "board", schema: boardRecordSchema });
