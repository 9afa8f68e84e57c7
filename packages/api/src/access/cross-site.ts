import type { IncomingHttpHeaders } from "node:http";
import { MeshError } from "@pi-controller/schema";

/** The page itself, or the person by the address bar; programs and old browsers send nothing. */
const OWN_SITES: readonly (string | undefined)[] = [undefined, "same-origin", "none"];

/**
 * Refuses what a page of somebody else had the browser send (Fetch Metadata, W3C). `same-site` is somebody else too:
 * another port of this machine may be another program's.
 *
 * @throws MeshError PERMISSION_DENIED
 */
export function refuseOtherSites(headers: IncomingHttpHeaders): void {
  const site = headers["sec-fetch-site"];
  if (typeof site === "string" || site === undefined) {
    if (OWN_SITES.includes(site)) return;
  }
  throw new MeshError("PERMISSION_DENIED", "A page of another origin may not do this");
}
