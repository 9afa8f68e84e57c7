import type { ComponentChildren } from "preact";

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row) => ComponentChildren;
}

interface Properties<Row> {
  /** What the rows are, for screen readers. */
  readonly label: string;
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Buttons at the end of a row. */
  readonly actions?: (row: Row) => ComponentChildren;
  /** Shown in the place of a table without rows. */
  readonly empty: ComponentChildren;
}

/** A list as a table, or on a narrow screen as a card each. The roles are kept where CSS would lose them. */
export function ListTable<Row>({ label, columns, rows, keyOf, actions, empty }: Properties<Row>) {
  if (rows.length === 0) return <div class="empty">{empty}</div>;
  return (
    <table class="plain-table list-table" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.label} role="columnheader" scope="col">
              {column.label}
            </th>
          ))}
          {actions !== undefined && (
            <th role="columnheader" scope="col">
              <span class="visually-hidden">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={keyOf(row)}>
            {columns.map((column, index) => (
              <td
                key={column.label}
                role={index === 0 ? "rowheader" : "cell"}
                data-label={index === 0 ? undefined : column.label}
              >
                {column.cell(row)}
              </td>
            ))}
            {actions !== undefined && (
              <td role="cell" class="row-actions">
                {actions(row)}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
