import type { Mutation } from "../mutation.ts";
import { connectorMutations } from "./connector.ts";
import { documentMutations } from "./documents.ts";
import { gpioMutations } from "./gpio.ts";
import { membershipMutations } from "./membership.ts";
import { nodesMutations } from "./nodes.ts";
import { requestMutations } from "./requests.ts";
import { telemetryMutations } from "./telemetry.ts";
import { trustMutations } from "./trust.ts";

export const mutations: readonly Mutation[] = [
  ...membershipMutations,
  ...documentMutations,
  ...nodesMutations,
  ...gpioMutations,
  ...trustMutations,
  ...requestMutations,
  ...connectorMutations,
  ...telemetryMutations,
];

/** @throws RangeError when there is none of this name */
export function mutationNamed(name: string): Mutation {
  const found = mutations.find((mutation) => mutation.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`There is no mutation ${name}: ${mutations.map((each) => each.name).join(", ")}`);
}
