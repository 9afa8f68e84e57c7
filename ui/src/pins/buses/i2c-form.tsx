import type { GpioView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field, SelectField } from "../../components/field.tsx";
import { Form } from "../../forms/form.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useSession } from "../../session/session-context.ts";
import type { Exchanged } from "./bus-form.tsx";
import { type I2cDraft, operationOf, operationText } from "./exchange-draft.ts";

interface Properties {
  readonly view: GpioView;
  readonly token: string;
  readonly onExchanged: (result: Exchanged) => void;
}

const operations: readonly (readonly [I2cDraft["op"], string])[] = [
  ["read-register", "Read a register"],
  ["write-register", "Write a register"],
  ["read", "Read"],
  ["write", "Write"],
];

/** Reads and writes an I2C device. */
export function I2cForm({ view, token, onExchanged }: Properties) {
  const { client } = useSession();
  const submission = useSubmission();
  const [draft, setDraft] = useState<I2cDraft>({
    op: "read-register",
    register: "00",
    length: "1",
    bytes: "",
  });
  const exchange = async () => {
    const operation = operationOf(draft);
    const { results } = await client.gpio.i2c(view.id, { token, operations: [operation] });
    onExchanged({ what: operationText(operation), bytes: results[0] ?? null });
  };
  return (
    <Form
      action="Do it"
      busyText="Talking …"
      submission={submission}
      shownFields={["register", "length", "bytes"]}
      onSubmit={exchange}
    >
      <SelectField
        label="Transaction"
        value={draft.op}
        onChange={(chosen) =>
          setDraft({ ...draft, op: operations.find(([op]) => op === chosen)?.[0] ?? "read" })
        }
        choices={operations}
      />
      {draft.op.endsWith("-register") && (
        <Field
          label="Register, in hexadecimal"
          value={draft.register}
          onInput={(register) => setDraft({ ...draft, register })}
          code
          problem={submission.problemOf("register")}
        />
      )}
      {draft.op.startsWith("read") ? (
        <Field
          label="How many bytes"
          value={draft.length}
          onInput={(length) => setDraft({ ...draft, length })}
          inputMode="numeric"
          problem={submission.problemOf("length")}
        />
      ) : (
        <Field
          label="Bytes, in hexadecimal"
          value={draft.bytes}
          onInput={(bytes) => setDraft({ ...draft, bytes })}
          code
          placeholder="48 0a"
          problem={submission.problemUnder("bytes")}
        />
      )}
    </Form>
  );
}
