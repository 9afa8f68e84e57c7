import { createHash } from "node:crypto";
import { multiaddrTextSchema, type NodeId, nodeIdSchema } from "@pi-controller/schema";
import type { Answer, Packet } from "dns-packet";
import * as z from "zod";
import type { DiscoveredPeer } from "../network.ts";

/** Time to live of records about a host, in s (RFC 6762 section 10). */
const TTL_SECONDS = 120;
const MAX_ADDRESSES = 16;
/** A string in a TXT record has a length of one byte. */
const MAX_TEXT_BYTES = 255;
const ADDRESS_KEY = "a=";
const ID_KEY = "id=";

const announcementSchema = z.object({
  peer: nodeIdSchema,
  addresses: z.array(multiaddrTextSchema).min(1).max(MAX_ADDRESSES),
});

/**
 * The DNS-SD service of a mesh, as `_pic-1a2b3c4d5e._tcp.local`: meshes with other names don't see each
 * other, and the name itself is not told to the LAN. RFC 6763 section 7 allows 15 characters.
 */
export function serviceNameOf(meshName: string): string {
  const tag = createHash("sha256").update(`pi-controller mesh ${meshName}`).digest("hex").slice(0, 10);
  return `_pic-${tag}._tcp.local`;
}

/** Who is there? */
export function question(service: string): { questions: { name: string; type: "PTR" }[] } {
  return { questions: [{ name: service, type: "PTR" }] };
}

export function isQuestionFor(service: string, packet: Packet): boolean {
  return (packet.questions ?? []).some(({ name, type }) => type === "PTR" && name.toLowerCase() === service);
}

/** This peer is there, at these addresses; with `ttlSeconds` 0, that it is no more. */
export function announcement(
  service: string,
  peer: NodeId,
  addresses: readonly string[],
  ttlSeconds = TTL_SECONDS,
): { answers: Answer[] } {
  const instance = `${peer}.${service}`;
  const data = [ID_KEY + peer, ...addresses.slice(0, MAX_ADDRESSES).map((address) => ADDRESS_KEY + address)];
  return {
    answers: [
      { name: service, type: "PTR", ttl: ttlSeconds, data: instance },
      {
        name: instance,
        type: "TXT",
        ttl: ttlSeconds,
        data: data.filter((text) => Buffer.byteLength(text) <= MAX_TEXT_BYTES),
      },
    ],
  };
}

/** The peers of this mesh that a packet tells of. Whatever else is in it is skipped. */
export function peersIn(service: string, packet: Packet): DiscoveredPeer[] {
  const peers: DiscoveredPeer[] = [];
  for (const record of [...(packet.answers ?? []), ...(packet.additionals ?? [])]) {
    if (record.type !== "TXT" || !record.name.toLowerCase().endsWith(`.${service}`) || record.ttl === 0)
      continue;
    const texts = [record.data].flat().map((text) => text.toString());
    const parsed = announcementSchema.safeParse({
      peer: texts.find((text) => text.startsWith(ID_KEY))?.slice(ID_KEY.length),
      addresses: texts
        .filter((text) => text.startsWith(ADDRESS_KEY))
        .map((text) => text.slice(ADDRESS_KEY.length)),
    });
    if (parsed.success) peers.push(parsed.data);
  }
  return peers;
}
