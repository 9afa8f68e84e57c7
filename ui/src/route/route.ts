/** The parts of the security area, in the order in which they stand. */
export const securitySections = [
  "overview",
  "join-tokens",
  "users",
  "roles",
  "sessions",
  "api-tokens",
  "certificates",
  "client-certificates",
  "audit",
] as const;
export type SecuritySection = (typeof securitySections)[number];

/** The parts of the pages about pins, in the order in which they stand. */
export const pinsSections = ["pins", "reservations", "limits"] as const;
export type PinsSection = (typeof pinsSections)[number];

/** A page of the UI. */
export type Route =
  | { readonly page: "nodes" }
  | { readonly page: "node"; readonly id: string }
  | { readonly page: "events" }
  | { readonly page: "mesh" }
  | { readonly page: "pins"; readonly section: PinsSection }
  | { readonly page: "security"; readonly section: SecuritySection }
  | { readonly page: "missing"; readonly path: string };

/** Which page a path of the address bar names. */
export function parseRoute(path: string): Route {
  const parts = path.split("/").filter(Boolean);
  const [first, second] = parts;
  if (parts.length === 0) return { page: "nodes" };
  if (parts.length === 1 && (first === "nodes" || first === "events" || first === "mesh"))
    return { page: first };
  if (parts.length === 2 && first === "nodes" && second !== undefined) {
    const id = decode(second);
    if (id !== null) return { page: "node", id };
  }
  if (first === "security" && parts.length <= 2) {
    const section = securitySections.find((name) => name === (second ?? "overview"));
    if (section !== undefined) return { page: "security", section };
  }
  if (first === "pins" && parts.length <= 2) {
    const section = pinsSections.find((name) => name === (second ?? "pins"));
    if (section !== undefined && second !== "pins") return { page: "pins", section };
  }
  return { page: "missing", path };
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    // A path typed by hand may hold a lone `%`.
    if (error instanceof URIError) return null;
    throw error;
  }
}

/** The path of a node's own page. */
export function nodePath(id: string): string {
  return `/nodes/${encodeURIComponent(id)}`;
}

/** The path of a part of the security area. */
export function securityPath(section: SecuritySection): string {
  return section === "overview" ? "/security" : `/security/${section}`;
}

/** The path of a part of the pages about pins; with the header of that node, and a resource of it chosen. */
export function pinsPath(section: PinsSection, chosen: { node?: string; resource?: string } = {}): string {
  const path = section === "pins" ? "/pins" : `/pins/${section}`;
  const query = new URLSearchParams(chosen).toString();
  return query === "" ? path : `${path}?${query}`;
}

/** Is it a path that this UI has a page for, and not a file or an answer of the API? */
export function isPage(path: string): boolean {
  return !path.startsWith("/api/") && !/\.[a-z0-9]+$/i.test(path);
}
