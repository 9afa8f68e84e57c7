import type { Unsubscribe } from "@pi-controller/runtime";
import { CallAnswerer, type CallAnswererComponents } from "./call-answerer.ts";
import { ChangesAnswerer, type ChangesAnswererComponents } from "./changes-answerer.ts";

export type GpioExchangeComponents = CallAnswererComponents & ChangesAnswererComponents;

/**
 * Has the pins of this node answer other nodes from now on: what they ask for on behalf of their users, and who waits
 * for changes. May be called before the network starts.
 */
export function serveGpio(components: GpioExchangeComponents): Unsubscribe {
  const ends = [new CallAnswerer(components).serve(), new ChangesAnswerer(components).serve()];
  return () => {
    for (const end of ends) end();
  };
}
