import { SelectField } from "../components/field.tsx";
import { formatTerm } from "./terms-text.ts";

interface Properties {
  readonly nodeName: string;
  readonly valueMs: number;
  readonly onChange: (valueMs: number) => void;
}

const CHOICES_MS = [60_000, 600_000, 3_600_000, 86_400_000] as const;

/** For how long a value is kept for an owner that is away. */
export function ApplyWithin({ nodeName, valueMs, onChange }: Properties) {
  return (
    <SelectField
      label={`${nodeName} is away: keep what is set for it`}
      value={String(valueMs)}
      onChange={(text) => onChange(Number(text))}
      choices={CHOICES_MS.map((choice) => [String(choice), `for ${formatTerm(choice)}`] as const)}
      hint="It is applied when the node returns, if the reservation still stands by then."
    />
  );
}
