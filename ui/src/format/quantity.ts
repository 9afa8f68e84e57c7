const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes with a binary unit and about three digits, as `512 B`, `1.5 KiB` or `3.7 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.5 would round to 1024 of the smaller unit.
  while (Math.abs(value) >= 1023.5 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BINARY_UNITS[unit]}`;
}

/** A data rate, as `1.5 KiB/s`. */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A ratio of 0 to 1 as `42 %`. */
export function formatPercent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

/** A temperature as `48.3 °C`. */
export function formatCelsius(celsius: number): string {
  return `${celsius.toFixed(1)} °C`;
}

/** A round trip as `0.4 ms`, `12 ms`; tenths only where they are most of what there is. */
export function formatMilliseconds(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
