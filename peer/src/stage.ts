/** Why a stage of a peer's life ended by itself. */
export type StageEnd =
  /** It belongs to a mesh now; `nodeName` is what it shall be called there, when somebody said so. */
  | { readonly kind: "claimed"; readonly nodeName: string | undefined }
  /** It belongs to its mesh no more, and has to forget it. */
  | { readonly kind: "gone"; readonly reason: "left" | "revoked" };

/** One part of a peer's life: while it belongs to no mesh, or to one. */
export interface Stage {
  /** @throws what the service that failed threw; those that had started are stopped again */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** Of the API and the web UI, once started. */
  url(): string;
  /** Where it listens, once started: the next stage does so at the same ports. */
  ports(): { readonly port: number; readonly meshPort: number };
  /** Resolves when this stage is over. Never rejects. */
  readonly ended: Promise<StageEnd>;
}
