import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Field } from "../components/field.tsx";
import { CameraScanner, canScan } from "./camera-scanner.tsx";
import { readSetupCode } from "./setup-code.ts";

interface Properties {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly problem: string | undefined;
  readonly hint: ComponentChildren;
  readonly autoFocus?: boolean;
}

/** A set-up code to type, to paste, or to scan where the browser can. */
export function CodeField({ value, onInput, problem, hint, autoFocus = false }: Properties) {
  const [scanning, setScanning] = useState(false);
  const entered = readSetupCode(value);
  const progress =
    entered.state === "complete"
      ? "All 20 characters are there."
      : entered.state === "incomplete"
        ? entered.problem
        : hint;
  const take = (code: string) => {
    setScanning(false);
    onInput(code);
  };
  return (
    <div class="code-entry">
      <Field
        label="Set-up code"
        value={value}
        onInput={onInput}
        autoFocus={autoFocus}
        code
        placeholder="XXXXX-XXXXX-XXXXX-XXXXX"
        hint={progress}
        problem={problem}
      />
      {canScan() && !scanning && (
        <button type="button" onClick={() => setScanning(true)}>
          Scan it with the camera
        </button>
      )}
      {scanning && <CameraScanner onCode={take} onClose={() => setScanning(false)} />}
    </div>
  );
}
