import type { ComponentLogger, Logger } from "@libp2p/interface";

const log: Logger = Object.assign(() => undefined, {
  error: () => undefined,
  trace: () => undefined,
  enabled: false,
  newScope: () => log,
});

/**
 * Keeps libp2p quiet: it logs every failed dial as an error, several times. What matters is logged by the
 * adapter in one sentence.
 */
export const silentLibp2pLogger: ComponentLogger = { forComponent: () => log };
