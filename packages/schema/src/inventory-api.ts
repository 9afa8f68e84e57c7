import * as z from "zod";

/** Answer of `GET /api/v1/inventory`: everything on this peer that can be asked or told something, and who may. */
export const inventorySchema = z.object({
  items: z.array(
    z.object({
      protocol: z.enum(["rest", "websocket", "request", "gossip"]),
      /** As `GET /api/v1/nodes`, `documents.sync` or `events`. */
      name: z.string(),
      /** `public`, `authenticated`, `member` (peers of the mesh alone), or verb and resource. */
      access: z.string(),
    }),
  ),
});
export type Inventory = z.infer<typeof inventorySchema>;
