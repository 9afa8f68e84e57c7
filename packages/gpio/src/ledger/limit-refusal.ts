import { MeshError, type ReservationRecord } from "@pi-controller/schema";
import type { Limits, Usage } from "./ledger.ts";
import { addUsage, usageOf, usageOfOne } from "./usage.ts";

/** Sums of fractions of a milliwatt come out a little off. */
const ROUNDING = 1e-6;

const quotaNames = ["pins", "pwm", "i2cDevices", "spiDevices", "powerMilliwatts"] as const;

/**
 * Whether a grant would go over a quota of its tenant or over the board's power budget. What is asked for none of is
 * not looked at: a tenant whose quota was lowered below what he holds can still have what it does not concern.
 *
 * @param held what is held at this node, without what would go for this grant
 * @returns RESOURCE_EXHAUSTED that names quota, limit, what is used and what is asked; undefined when all fits
 */
export function limitRefusal(
  held: readonly ReservationRecord[],
  asked: ReservationRecord,
  limits: Limits,
): MeshError | undefined {
  const { namespace } = asked;
  const cost = usageOfOne(asked);
  const quota = limits.quotaOf(namespace);
  if (quota !== undefined) {
    const concerned = quotaNames.filter((name) => quota[name] !== undefined && cost[name] > 0);
    const here = usageOf(held, namespace);
    const used = concerned.length === 0 ? here : addUsage(here, limits.usedElsewhere(namespace));
    for (const name of concerned) {
      const limit = quota[name];
      if (limit === undefined || fits(used[name], cost[name], limit)) continue;
      return exhausted(`The quota ${name} of namespace ${namespace}`, name, used, cost, limit);
    }
  }
  const limit = limits.boardMilliwatts;
  if (limit === null || cost.powerMilliwatts === 0) return undefined;
  const used = usageOf(held, null);
  if (fits(used.powerMilliwatts, cost.powerMilliwatts, limit)) return undefined;
  return exhausted("The power budget of this board", "powerMilliwatts", used, cost, limit);
}

function fits(used: number, asked: number, limit: number): boolean {
  return used + asked <= limit + ROUNDING;
}

function exhausted(what: string, name: keyof Usage, used: Usage, cost: Usage, limit: number): MeshError {
  const unit = name === "powerMilliwatts" ? " mW" : "";
  const numbers = [
    `limit ${limit}${unit}`,
    `used ${rounded(used[name])}${unit}`,
    `asked ${rounded(cost[name])}${unit}`,
  ];
  const message = `${what} does not allow it: ${numbers.join(", ")}`;
  // Only of the power can the request say less.
  const fields = name === "powerMilliwatts" ? { fields: [{ field: name, message }] } : {};
  return new MeshError("RESOURCE_EXHAUSTED", message, fields);
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
