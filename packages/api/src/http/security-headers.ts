/** For a year, this peer alone: what other names of the same domain do is not its business (RFC 6797). */
export const HSTS = "max-age=31536000";

const common = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
};
const openerPolicy = { "cross-origin-opener-policy": "same-origin" };

/** For answers in the clear to other machines: browsers complain of an opener policy that came so. */
export const plainHeaders: Readonly<Record<string, string>> = {
  ...common,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  // Answers change from moment to moment, and tell of the inside of a network.
  "cache-control": "no-store",
};

/** For answers that are data: nothing in them may run, should a browser show one as a page. */
export const dataHeaders: Readonly<Record<string, string>> = { ...plainHeaders, ...openerPolicy };

/** For the UI: what it loads and whom it talks to is this peer alone. */
export const uiHeaders: Readonly<Record<string, string>> = {
  ...common,
  ...openerPolicy,
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  // The camera scans set-up codes; of what else a browser has, the UI needs nothing. Chromium complains of names that
  // it does not know, such as `bluetooth`.
  "permissions-policy": [
    "camera=(self)",
    ...["geolocation", "microphone", "payment", "usb", "serial", "display-capture"].map(
      (feature) => `${feature}=()`,
    ),
  ].join(", "),
};
