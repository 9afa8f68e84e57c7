import type { CallOptions } from "@pi-controller/client";

/** For what takes a password: checking one costs a Pi Zero seconds, and others may be in front. */
export const CONFIRMED: CallOptions = { timeoutMs: 60_000 };

/** For what also talks to another node that may be slow or gone. */
export const CONFIRMED_AT_OTHER_NODE: CallOptions = { timeoutMs: 90_000 };
