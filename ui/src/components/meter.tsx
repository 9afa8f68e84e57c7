/** From here on a bar draws attention. */
const HIGH = 0.85;

/** A bar beside a number that says the same. */
export function Meter({ ratio }: { readonly ratio: number }) {
  const part = Math.min(1, Math.max(0, ratio));
  return (
    <span class={part >= HIGH ? "meter meter-high" : "meter"} aria-hidden="true">
      <span style={{ width: `${part * 100}%` }} />
    </span>
  );
}
