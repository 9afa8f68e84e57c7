import type { Unsubscribe } from "@pi-controller/runtime";

/** What the TLS server proves itself with; all PEM. */
export interface SecureContext {
  readonly key: string;
  /** The certificate of the server, then those between it and the root. */
  readonly cert: string;
  /** The root that certificates of clients are issued under; none are asked for without it. */
  readonly ca?: string;
}

/** Port: certificate and key as they are now. */
export interface SecureContextSource {
  secureContext(): SecureContext;
  /** Calls back when there is a new one: for connections from then on. */
  observe(listener: () => void): Unsubscribe;
}
