import type { GpioView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { usePinRights } from "../../access/pin-rights.ts";
import { formatAscii, formatHexBytes } from "../hex-bytes.ts";
import { kindOf } from "../resource.ts";
import { I2cForm } from "./i2c-form.tsx";
import { SpiForm } from "./spi-form.tsx";

/** What came of a transaction. */
export interface Exchanged {
  readonly what: string;
  /** Null for one that only wrote. */
  readonly bytes: readonly number[] | null;
}

const MOST_SHOWN = 6;

/** Talks to a device on a bus that the user holds. */
export function BusForm({ view }: { readonly view: GpioView }) {
  const mayWrite = usePinRights()("update", view.namespace);
  const [results, setResults] = useState<readonly Exchanged[]>([]);
  const { token } = view;
  if (!mayWrite || token === null) return null;
  const Form = kindOf(view.resource) === "i2c" ? I2cForm : SpiForm;
  return (
    <div class="drive">
      <Form
        view={view}
        token={token}
        onExchanged={(result) => setResults((before) => [result, ...before].slice(0, MOST_SHOWN))}
      />
      {results.length > 0 && (
        <ol class="exchanges" aria-label="Answers, newest first" aria-live="polite">
          {results.map(({ what, bytes }, index) => (
            <li key={results.length - index}>
              <small>{what}</small>
              {bytes === null ? (
                <span>done</span>
              ) : (
                <code>
                  {formatHexBytes(bytes)} <span class="muted">{formatAscii(bytes)}</span>
                </code>
              )}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
