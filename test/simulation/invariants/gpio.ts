import type { GpioClients } from "../workload/gpio-clients.ts";
import { PinsAgree } from "./gpio-agreement.ts";
import { PinRequestsEnd } from "./gpio-answers.ts";
import { PinsHaveOneHolder } from "./gpio-holders.ts";
import { PinsDoAsToldByHolders } from "./gpio-levels.ts";
import type { Invariant } from "./invariant.ts";

/** All rules about pins, by what clients were told and what is seen at drivers. */
export function gpioInvariants(clients: GpioClients): readonly Invariant[] {
  return [
    new PinsHaveOneHolder({ clients }),
    new PinsDoAsToldByHolders({ clients }),
    new PinRequestsEnd({ clients }),
    new PinsAgree({ clients }),
  ];
}
