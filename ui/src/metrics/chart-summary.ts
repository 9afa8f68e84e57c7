/**
 * What a chart shows, in a sentence for who cannot see it.
 *
 * @param format writes a value with its unit
 */
export function rangeText(
  title: string,
  lines: readonly { readonly label: string; readonly values: readonly (number | null)[] }[],
  format: (value: number) => string,
): string {
  const parts = lines.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    const name = lines.length > 1 ? `${label}: ` : "";
    if (known.length === 0) return `${name}nothing known`;
    const lowest = format(known.reduce((least, value) => Math.min(least, value)));
    const highest = format(known.reduce((most, value) => Math.max(most, value)));
    return `${name}between ${lowest} and ${highest}`;
  });
  return `${title}, ${parts.join("; ")}`;
}
