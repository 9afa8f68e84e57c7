/** Where a root is installed differently. */
export const platforms = ["windows", "macos", "ios", "android", "linux", "firefox"] as const;
export type Platform = (typeof platforms)[number];

/** The platform that a browser is likely to run on; Firefox keeps its own roots on all but the phones. */
export function platformOf(userAgent: string): Platform {
  if (/\b(iPhone|iPad)\b/.test(userAgent)) return "ios";
  if (/\bAndroid\b/.test(userAgent)) return "android";
  if (/\bFirefox\//.test(userAgent)) return "firefox";
  if (/\bWindows\b/.test(userAgent)) return "windows";
  return /\bMac OS X\b/.test(userAgent) ? "macos" : "linux";
}
