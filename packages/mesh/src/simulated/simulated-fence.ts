import type { Fence } from "../gate/gate.ts";

/** Whether a listener recognises the key that a dialler used; undefined for a dialler without a fence. */
export function passesFence(listener: Fence | undefined, key: Uint8Array | undefined): boolean {
  const accepted = listener?.accepted() ?? [];
  if (key === undefined) return accepted.length === 0;
  return accepted.some((known) => Buffer.from(known).equals(key));
}
