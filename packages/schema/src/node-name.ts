const MAX_NAME_LENGTH = 63;

/**
 * The nearest valid node name: lower case, anything else than letters and digits a dash.
 *
 * @param text as a host name or an address; `node` when nothing of it can be kept
 */
export function toNodeName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_NAME_LENGTH)
    .replace(/^-+|-+$/g, "");
  return name === "" ? "node" : name;
}
