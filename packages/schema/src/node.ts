import * as z from "zod";
import { boardSchema } from "./board.ts";
import {
  labelsSchema,
  multiaddrTextSchema,
  nodeIdSchema,
  nodeNameSchema,
  timestampSchema,
} from "./primitives.ts";

/** `peer`: our process runs there. `manual`: an operator told us of the machine, no peer runs there yet. */
export const nodeKindSchema = z.enum(["peer", "manual"]);

/** Entry of the roster: key `nodes/<id>` of the mesh document. Anyone who is allowed writes it. */
export const nodeRecordSchema = z.object({
  id: nodeIdSchema,
  kind: nodeKindSchema,
  name: nodeNameSchema,
  labels: labelsSchema,
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
  /** Where a manually registered machine is: host name or address. Peers tell theirs in `announcements`. */
  address: z.string().max(253).optional(),
  macAddress: z
    .string()
    .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, "expected a MAC address such as dc:a6:32:01:02:03")
    .optional(),
});
export type NodeRecord = z.infer<typeof nodeRecordSchema>;

/**
 * What a peer says of itself: key `announcements/<id>` of the mesh document, written by that peer alone and
 * only when something in it changes.
 */
export const announcementSchema = z.object({
  id: nodeIdSchema,
  /** Where its mesh port answers, best first. */
  addresses: z.array(multiaddrTextSchema).max(32),
  version: z.string().max(64),
  /** Where its API answers. */
  apiUrls: z.array(z.url()).max(32),
});
export type Announcement = z.infer<typeof announcementSchema>;

/** Key `board/<id>` of a node's own document. */
export const boardRecordSchema = z.object({
  id: nodeIdSchema,
  board: boardSchema,
  detectedAt: timestampSchema,
});
export type BoardRecord = z.infer<typeof boardRecordSchema>;
