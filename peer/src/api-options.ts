import type { ApiOptions } from "@pi-controller/api";
import type { Config } from "./config/config.ts";

/** How a peer serves people and programs, in either part of its life. */
export function apiOptions(
  config: Config,
  { version, hostNames }: { readonly version: string; readonly hostNames: () => readonly string[] },
): ApiOptions {
  const [host = "0.0.0.0", ...moreHosts] = config.listen;
  return {
    host,
    moreHosts,
    port: config.port,
    version,
    hostNames: () => [...hostNames(), ...config.hostName],
    hsts: config.hsts,
    ...(config.allowFrom.length === 0 ? {} : { allowedNetworks: config.allowFrom }),
    ...(config.uiDir === "" ? {} : { uiDirectory: config.uiDir }),
  };
}
