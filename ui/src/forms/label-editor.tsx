import { Icon } from "../components/icon.tsx";
import { addRow, type LabelRow } from "./label-rows.ts";

interface Properties {
  readonly rows: readonly LabelRow[];
  readonly onChange: (rows: readonly LabelRow[]) => void;
  readonly problemOf: (field: string) => string | undefined;
}

/** Labels as rows of key and value. */
export function LabelEditor({ rows, onChange, problemOf }: Properties) {
  const replace = (changed: LabelRow) =>
    onChange(rows.map((row) => (row.number === changed.number ? changed : row)));
  return (
    <fieldset class="labels">
      <legend>Labels</legend>
      {rows.map((row) => (
        <LabelRowEditor
          key={row.number}
          row={row}
          problem={problemOf(`labels.${row.key.trim()}`)}
          onChange={replace}
          onRemove={() => onChange(rows.filter(({ number }) => number !== row.number))}
        />
      ))}
      {problemOf("labels") !== undefined && <p class="problem">{problemOf("labels")}</p>}
      <button type="button" class="quiet" onClick={() => onChange(addRow(rows))}>
        <Icon name="plus" /> Add a label
      </button>
    </fieldset>
  );
}

interface RowProperties {
  readonly row: LabelRow;
  readonly problem: string | undefined;
  readonly onChange: (row: LabelRow) => void;
  readonly onRemove: () => void;
}

function LabelRowEditor({ row, problem, onChange, onRemove }: RowProperties) {
  const name = row.key === "" ? "new label" : row.key;
  const shared = { type: "text", autoCapitalize: "none", autoComplete: "off", spellcheck: false } as const;
  return (
    <div class="label-row">
      <input
        {...shared}
        aria-label={`Key of ${name}`}
        placeholder="key"
        value={row.key}
        aria-invalid={problem !== undefined}
        onInput={(event) => onChange({ ...row, key: event.currentTarget.value })}
      />
      <span aria-hidden="true">=</span>
      <input
        {...shared}
        aria-label={`Value of ${name}`}
        placeholder="value"
        value={row.value}
        aria-invalid={problem !== undefined}
        onInput={(event) => onChange({ ...row, value: event.currentTarget.value })}
      />
      <button type="button" class="quiet" aria-label={`Remove ${name}`} onClick={onRemove}>
        <Icon name="remove" />
      </button>
      {problem !== undefined && <p class="problem">{problem}</p>}
    </div>
  );
}
