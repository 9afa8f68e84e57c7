import { nodeNameSchema } from "@pi-controller/schema";
import * as z from "zod";
import { valueOf } from "./mdns-records.ts";
import type { Telling } from "./mdns-topic.ts";
import { peerOf, peerTexts } from "./peer-records.ts";
import type { PendingPeer } from "./pending.ts";

/** Where unclaimed peers announce themselves, whatever mesh they will be of. */
export const PENDING_SERVICE = "_pic-pending._tcp.local";

const claimSchema = z.object({
  name: nodeNameSchema,
  joinToken: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, "expected the id of a join token")
    .optional(),
});

/** What an unclaimed peer tells of itself. */
export function pendingTexts({ peer, addresses, name, joinToken }: PendingPeer): string[] {
  const token = joinToken === undefined ? [] : [`t=${joinToken}`];
  return [...peerTexts(peer, addresses), `n=${name}`, ...token];
}

/** Reads that. @returns undefined for what makes no sense */
export function pendingPeerOf(telling: Telling): PendingPeer | undefined {
  const peer = peerOf(telling);
  const claim = claimSchema.safeParse({
    name: valueOf("n", telling.texts),
    joinToken: valueOf("t", telling.texts),
  });
  if (peer === undefined || !claim.success) return undefined;
  const { name, joinToken } = claim.data;
  return { ...peer, name, ...(joinToken === undefined ? {} : { joinToken }) };
}
