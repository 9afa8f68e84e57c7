/**
 * A kernel's time stamp in seconds since its start, to the microsecond.
 *
 * @param nanoseconds decimal digits; more than a number can hold exactly
 */
export function formatKernelTime(nanoseconds: string): string {
  const microseconds = BigInt(nanoseconds) / 1000n;
  const fraction = String(microseconds % 1_000_000n).padStart(6, "0");
  return `${microseconds / 1_000_000n}.${fraction} s`;
}

/** How much later one stamp is than another, as `250 µs`, `12.3 ms`, `4.05 s`. */
export function formatKernelGap(from: string, to: string): string {
  const microseconds = Number((BigInt(to) - BigInt(from)) / 1000n);
  if (Math.abs(microseconds) < 1000) return `${microseconds} µs`;
  if (Math.abs(microseconds) < 1_000_000) return `${threeDigits(microseconds / 1000)} ms`;
  return `${threeDigits(microseconds / 1_000_000)} s`;
}

function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
