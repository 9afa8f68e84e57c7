import { MeshError } from "@pi-controller/schema";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { HeldHere } from "./held-here.ts";

export const HeldHereContext = createContext<HeldHere | null>(null);

/** The reservations that this page renews. */
export function useHeldHere(): HeldHere {
  const held = useContext(HeldHereContext);
  if (held === null) throw new MeshError("INTERNAL", "A component stands outside of a user's session");
  return held;
}
