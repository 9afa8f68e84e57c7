import { type GpioQuota, type GpioQuotaView, gpioQuotaSchema, parseInput } from "@pi-controller/schema";

/** What a quota limits, in the order in which it is shown. */
export const quotaFields = [
  ["pins", "Pins", ""],
  ["pwm", "PWM", ""],
  ["i2cDevices", "I2C devices", ""],
  ["spiDevices", "SPI devices", ""],
  ["powerMilliwatts", "Power", " mW"],
] as const;
export type QuotaField = (typeof quotaFields)[number][0];

/** How much of one limit is used. */
export interface QuotaUse {
  readonly text: string;
  /** 0 to 1, or more where nodes granted while they were apart; null where there is no limit. */
  readonly ratio: number | null;
}

/** As `3 of 5`, `120 of 500 mW`, `7, no limit`. */
export function quotaUse(view: GpioQuotaView, field: QuotaField, unit: string): QuotaUse {
  const used = view.used[field];
  const limit = view[field];
  if (limit === undefined) return { text: `${used}${unit}, no limit`, ratio: null };
  return { text: `${used} of ${limit}${unit}`, ratio: limit === 0 ? 1 : used / limit };
}

/** The form of a quota: empty text stands for no limit. */
export type QuotaDraft = { readonly [Field in QuotaField | "namespace"]: string };

export const emptyQuota: QuotaDraft = {
  namespace: "",
  pins: "",
  pwm: "",
  i2cDevices: "",
  spiDevices: "",
  powerMilliwatts: "",
};

/** The form with a quota filled in. */
export function quotaDraft(quota: GpioQuota): QuotaDraft {
  const limits = Object.fromEntries(quotaFields.map(([field]) => [field, String(quota[field] ?? "")]));
  return { ...emptyQuota, ...limits, namespace: quota.namespace };
}

/** @throws MeshError INVALID_ARGUMENT that names each wrong field */
export function quotaOf(draft: QuotaDraft): GpioQuota {
  const limits = quotaFields.flatMap(([field]) => {
    const text = draft[field].trim();
    const number = Number(text);
    return text === "" ? [] : [[field, Number.isNaN(number) ? text : number] as const];
  });
  const body = { namespace: draft.namespace.trim(), ...Object.fromEntries(limits) };
  return parseInput(gpioQuotaSchema, body, "quota");
}
