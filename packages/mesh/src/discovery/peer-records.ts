import { multiaddrTextSchema, type NodeId, nodeIdSchema } from "@pi-controller/schema";
import * as z from "zod";
import type { DiscoveredPeer } from "../network.ts";
import { valueOf, valuesOf } from "./mdns-records.ts";
import type { Telling } from "./mdns-topic.ts";

/** A machine has a few; one packet holds so many. */
export const MAX_ADDRESSES = 16;

const peerSchema = z.object({
  peer: nodeIdSchema,
  addresses: z.array(multiaddrTextSchema).min(1).max(MAX_ADDRESSES),
});

/** What a peer tells of itself: its id and where it can be dialled. */
export function peerTexts(peer: NodeId, addresses: readonly string[]): string[] {
  return [`id=${peer}`, ...addresses.slice(0, MAX_ADDRESSES).map((address) => `a=${address}`)];
}

/** Reads that. @returns undefined for what makes no sense */
export function peerOf({ texts }: Telling): DiscoveredPeer | undefined {
  const parsed = peerSchema.safeParse({ peer: valueOf("id", texts), addresses: valuesOf("a", texts) });
  return parsed.success ? parsed.data : undefined;
}
