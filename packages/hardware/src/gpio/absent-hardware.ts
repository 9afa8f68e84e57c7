import { MeshError } from "@pi-controller/schema";
import type { PinAdapters } from "./pin-adapters.ts";

/** Drivers of hardware that is not there: each call fails with the problem. Releasing, ending and stopping succeed. */
export function absentHardware(problem: string): PinAdapters {
  const refuse = async (): Promise<never> => {
    throw new MeshError("FAILED_PRECONDITION", problem);
  };
  const nothing = async () => {};
  const service = { start: nothing, stop: nothing };
  return {
    kind: "none",
    gpio: {
      ...service,
      name: "no-gpio",
      features: { pulls: false, openDrain: false, openSource: false, debounce: false, edges: false },
      configure: refuse,
      release: nothing,
      read: refuse,
      write: refuse,
      observe: () => () => {},
    },
    pwm: { ...service, name: "no-pwm", outputs: () => [], set: refuse, end: nothing },
    i2c: { buses: () => [], scan: refuse, transact: refuse, stop: nothing },
    spi: { devices: () => [], transact: refuse, stop: nothing },
    services: [],
  };
}
