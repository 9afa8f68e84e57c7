import type { PresentedCredentials, Principal, RequestOrigin } from "@pi-controller/security";

/** Who makes a request, and how it came. */
export interface Caller {
  /** Undefined for a stranger, who gets this far on public routes alone. */
  readonly principal: Principal | undefined;
  readonly credentials: PresentedCredentials;
  readonly origin: RequestOrigin;
  /** What this node was asked for by, as `https://pi.local:8080`. */
  readonly url: string;
  readonly secure: boolean;
  /** Of a browser that logs in through an OpenID provider. */
  readonly oidcState: string | undefined;
  /** True when the session that the browser's cookie names is over. */
  readonly staleSession: boolean;
}
