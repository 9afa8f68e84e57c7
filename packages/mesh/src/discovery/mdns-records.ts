import type { Answer, Packet } from "dns-packet";
import type { Announcement, Telling } from "./mdns-topic.ts";

/** Time to live of records about a host, in s (RFC 6762 section 10). */
export const TTL_SECONDS = 120;
/** A string in a TXT record has a length of one byte. */
const MAX_TEXT_BYTES = 255;

/** Who is there? */
export function question(services: readonly string[]): { questions: { name: string; type: "PTR" }[] } {
  return { questions: services.map((name) => ({ name, type: "PTR" })) };
}

export function isQuestionFor(service: string, packet: Packet): boolean {
  return (packet.questions ?? []).some(({ name, type }) => type === "PTR" && name.toLowerCase() === service);
}

/** It is there; with `ttlSeconds` 0, that it is no more. */
export function records(
  { service, instance, texts }: Announcement,
  ttlSeconds = TTL_SECONDS,
): { answers: Answer[] } {
  const name = `${instance}.${service}`;
  const data = texts.filter((text) => Buffer.byteLength(text) <= MAX_TEXT_BYTES);
  return {
    answers: [
      { name: service, type: "PTR", ttl: ttlSeconds, data: name },
      { name, type: "TXT", ttl: ttlSeconds, data },
    ],
  };
}

/** What a packet tells of instances of a service. Whatever else is in it is skipped. */
export function tellingsIn(service: string, packet: Packet): Telling[] {
  const tellings: Telling[] = [];
  for (const record of [...(packet.answers ?? []), ...(packet.additionals ?? [])]) {
    if (record.type !== "TXT" || !record.name.toLowerCase().endsWith(`.${service}`)) continue;
    const texts = [record.data].flat().map((text) => text.toString());
    tellings.push({ texts, ttlSeconds: record.ttl ?? 0 });
  }
  return tellings;
}

/** The value of the first string `<key>=<value>`: later ones of a key do not count (RFC 6763 section 6.4). */
export function valueOf(key: string, texts: readonly string[]): string | undefined {
  return valuesOf(key, texts)[0];
}

/** The values of all strings `<key>=<value>`. */
export function valuesOf(key: string, texts: readonly string[]): string[] {
  return texts.filter((text) => text.startsWith(`${key}=`)).map((text) => text.slice(key.length + 1));
}
