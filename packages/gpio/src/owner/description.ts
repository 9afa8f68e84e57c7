import type { PinHardware } from "@pi-controller/hardware";
import type { EmergencyStop, HeaderPin } from "@pi-controller/schema";
import type { OwnGpio } from "./pin-owner.ts";
import type { Registry } from "./registry.ts";

/** What this node can and what holds it. */
export function describeOwn(state: {
  readonly hardware: PinHardware;
  readonly registry: Registry;
  readonly stops: readonly EmergencyStop[];
  readonly boardMilliwatts: number | null;
  readonly asOf: string;
}): OwnGpio {
  const { hardware, registry, stops, boardMilliwatts, asOf } = state;
  const { header } = hardware;
  const busOf = busPins(hardware);
  const places = header.places.map(
    (place): HeaderPin => ({
      ...place,
      functions: place.functions.map((one) => ({ ...one })),
      bus: place.gpio === null ? null : (busOf.get(place.gpio) ?? null),
      reservation: place.gpio === null ? null : (registry.atLine(place.gpio)?.id ?? null),
    }),
  );
  const { pinMilliamperes, totalMilliamperes, source } = header.limits;
  return {
    asOf,
    driver: hardware.kind,
    problem: hardware.problem,
    header: places,
    ...(header.note === undefined ? {} : { note: header.note }),
    pwm: hardware.pwm.outputs().map(({ line, ...output }) => ({ gpio: line, ...output })),
    i2cBuses: [...hardware.i2c.buses()],
    spiDevices: [...hardware.spi.devices()],
    limits: { pinMilliamperes, totalMilliamperes, boardMilliwatts, source },
    stops: [...stops],
  };
}

/** The pins of buses and UARTs that are on, by BCM number. */
function busPins({ header, i2c, spi, uarts }: PinHardware): ReadonlyMap<number, string> {
  const [i2cBuses, spiDevices] = [i2c.buses(), spi.devices()];
  const pins = new Map<number, string>();
  for (const one of header.uarts) {
    if (uarts.includes(one.uart)) for (const gpio of one.pins) pins.set(gpio, one.uart);
  }
  for (const { bus, shared, chipSelects } of header.buses) {
    const [kind, number] = bus.split("-");
    if (kind === "i2c" && i2cBuses.includes(Number(number))) {
      for (const gpio of shared) pins.set(gpio, bus);
    }
    const selects = chipSelects.filter((_, select) => spiDevices.includes(`${number}.${select}`));
    if (kind !== "spi" || selects.length === 0) continue;
    for (const gpio of [...shared, ...selects]) pins.set(gpio, bus);
  }
  return pins;
}
