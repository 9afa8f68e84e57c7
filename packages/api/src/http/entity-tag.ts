import { MeshError } from "@pi-controller/schema";

/** A revision as `ETag` carries it (RFC 9110 section 8.8.3). */
export const entityTag = (revision: string) => `"${revision}"`;

/**
 * The revision that a client has seen, from `If-Match` (RFC 9110 section 13.1.1).
 *
 * @returns undefined when there is no such header, or any revision will do (`*`)
 * @throws MeshError INVALID_ARGUMENT for anything but one strong entity tag
 */
export function revisionOfIfMatch(header: string | undefined): string | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const match = /^\s*"([\x21\x23-\x7e]{1,256})"\s*$/.exec(header);
  if (match === null) {
    throw new MeshError(
      "INVALID_ARGUMENT",
      'Expected one entity tag in If-Match, such as "0123456789abcdef"',
    );
  }
  return match[1];
}

/** True when `If-None-Match` names this revision: the client has it (RFC 9110 section 13.1.2). */
export function clientHas(header: string | undefined, revision: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(entityTag(revision));
}
