import { bcmSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field } from "../components/field.tsx";
import type { PinsContext } from "./node-pins-view.tsx";
import { pinResource } from "./resource.ts";

/** In the place of a header where a board has none that is known: its lines have numbers alone. */
export function LineChooser({ context }: { readonly context: PinsContext }) {
  const [number, setNumber] = useState("");
  const line = bcmSchema.safeParse(number.trim() === "" ? Number.NaN : Number(number));
  return (
    <section class="panel" aria-label={`Lines of ${context.node.nodeName}`}>
      <h2>Lines</h2>
      <p class="muted">The header of this board is not known. Its lines have the numbers of its GPIO chip.</p>
      <form
        class="drive-frequency"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (line.success) context.onChoose(pinResource(line.data));
        }}
      >
        <Field
          label="Number of the line"
          value={number}
          onInput={setNumber}
          inputMode="numeric"
          placeholder="17"
          problem={number === "" || line.success ? undefined : "Expected a number from 0 to 57"}
        />
        <button type="submit" disabled={!line.success}>
          Show it
        </button>
      </form>
    </section>
  );
}
