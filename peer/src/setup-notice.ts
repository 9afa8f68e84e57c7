import { renderUnicodeCompact } from "uqr";

export interface SetupNotice {
  readonly nodeName: string;
  readonly fingerprint: string;
  /** As `XXXXX-XXXXX-XXXXX-XXXXX`. */
  readonly setupCode: string;
  /** Of the set-up page, with the code in its fragment: that part is never sent anywhere. */
  readonly url: string;
  /** SHA-256 of the certificate that the page is served with, null where it is plain HTTP. */
  readonly certificateFingerprint: string | null;
}

/** What a person at the console of a new node needs, the code as text and to be scanned. */
export function setupNotice(notice: SetupNotice): string {
  const lines = [
    `${notice.nodeName} belongs to no mesh yet.`,
    "",
    `  Set-up code   ${notice.setupCode}`,
    `  Fingerprint   ${notice.fingerprint}`,
    ...(notice.certificateFingerprint === null ? [] : [`  Certificate   ${notice.certificateFingerprint}`]),
    "",
    `Open ${notice.url.replace(/#.*/, "")} to make a mesh of it, or, in the web UI of a mesh that you have,`,
    "approve it under Nodes with this code. Or scan:",
    "",
    renderUnicodeCompact(notice.url),
    "",
  ];
  return `\n${lines.join("\n")}\n`;
}
