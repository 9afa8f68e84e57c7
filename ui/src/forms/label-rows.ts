import type { Labels } from "@pi-controller/schema";

/** A label while it is being edited: keys may be empty or twice the same. */
export interface LabelRow {
  /** Stays with the row whatever is typed into it. */
  readonly number: number;
  readonly key: string;
  readonly value: string;
}

/** Rows for labels, ordered by key. */
export function rowsOf(labels: Labels): readonly LabelRow[] {
  return Object.entries(labels)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value], number) => ({ number, key, value }));
}

/** The rows with an empty one more. */
export function addRow(rows: readonly LabelRow[]): readonly LabelRow[] {
  const number = 1 + Math.max(-1, ...rows.map((row) => row.number));
  return [...rows, { number, key: "", value: "" }];
}

/** The labels that the rows stand for; a row with nothing in it stands for none. */
export function labelsOf(rows: readonly LabelRow[]): Labels {
  const filled = rows.filter(({ key, value }) => key.trim() !== "" || value.trim() !== "");
  return Object.fromEntries(filled.map(({ key, value }) => [key.trim(), value.trim()]));
}

/** Keys that are in more than one row: one of the values would be lost without a word. */
export function repeatedKeys(rows: readonly LabelRow[]): readonly string[] {
  const keys = rows.map(({ key }) => key.trim()).filter(Boolean);
  return [...new Set(keys.filter((key, index) => keys.indexOf(key) !== index))];
}
