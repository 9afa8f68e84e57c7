import { type ScanCell, scanRows } from "../scan-table.ts";

interface Properties {
  readonly bus: number;
  readonly answering: readonly number[];
  readonly reserved: ReadonlySet<number>;
}

const meanings: Readonly<Record<ScanCell["state"], string>> = {
  outside: "",
  silent: "--",
  answers: "",
  reserved: "",
};

/** Addresses as `i2cdetect` draws them. */
export function ScanTable({ bus, answering, reserved }: Properties) {
  return (
    <div class="scan" tabIndex={0} role="group" aria-label={`Addresses on I2C bus ${bus}`}>
      <table>
        <thead>
          <tr>
            <td />
            {Array.from({ length: 16 }, (_, column) => (
              <th key={column} scope="col">
                {column.toString(16)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {scanRows(answering, reserved).map((cells, row) => (
            <tr key={cells[0]?.address}>
              <th scope="row">{row}0</th>
              {cells.map(({ address, state }) => (
                <td key={address} class={`scan-${state}`}>
                  {state === "answers" || state === "reserved"
                    ? address.toString(16).padStart(2, "0") + (state === "reserved" ? "*" : "")
                    : meanings[state]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {reserved.size > 0 && <p class="hint">* is reserved here.</p>}
    </div>
  );
}
