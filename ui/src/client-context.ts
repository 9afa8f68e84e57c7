import type { Client } from "@pi-controller/client";
import { MeshError } from "@pi-controller/schema";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

export const ClientContext = createContext<Client | null>(null);

/** The client of the peer that served this page. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === null) throw new MeshError("INTERNAL", "A component stands outside of the client's context");
  return client;
}
