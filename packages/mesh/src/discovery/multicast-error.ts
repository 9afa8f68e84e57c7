const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not open the port",
  EADDRNOTAVAIL: "the address is no longer on this interface",
  ENODEV: "the interface does not do multicast",
  ENETUNREACH: "there is no route for multicast over this interface",
  EHOSTUNREACH: "there is no route for multicast over this interface",
  ENETDOWN: "the interface is down",
  EPERM: "a firewall on this machine stops multicast",
  ENOBUFS: "the machine has no buffer left for it",
};

/** Why multicast DNS does not work, in a sentence for the log. */
export function explainMulticastError(error: Error, port: number): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "EADDRINUSE") return `UDP port ${port} is taken by a program that does not share it`;
  const reason = REASONS[code];
  return reason === undefined ? error.message : `${reason} (${code})`;
}
