import type { ComponentChildren } from "preact";

interface Properties {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: ComponentChildren;
}

/** A box to tick, with its text. */
export function Checkbox({ checked, onChange, children }: Properties) {
  return (
    <label class="choice choice-line">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{children}</span>
    </label>
  );
}
