import { type GpioView, parseInput, spiTransactionSchema } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field, SelectField } from "../../components/field.tsx";
import { Form } from "../../forms/form.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useSession } from "../../session/session-context.ts";
import type { Exchanged } from "./bus-form.tsx";
import { bytesIn } from "./exchange-draft.ts";

interface Properties {
  readonly view: GpioView;
  readonly token: string;
  readonly onExchanged: (result: Exchanged) => void;
}

/** Exchanges bytes with an SPI device: for each one sent, one comes back. */
export function SpiForm({ view, token, onExchanged }: Properties) {
  const { client } = useSession();
  const submission = useSubmission();
  const [mode, setMode] = useState("0");
  const [speedHz, setSpeedHz] = useState("500000");
  const [bytes, setBytes] = useState("");
  const exchange = async () => {
    const sent = bytesIn(bytes);
    const body = { token, mode: Number(mode), speedHz: Number(speedHz), transfers: [{ bytes: sent }] };
    const transaction = parseInput(spiTransactionSchema, body, "transaction");
    const { results } = await client.gpio.spi(view.id, transaction);
    onExchanged({ what: `exchanged ${sent.length}`, bytes: results[0] ?? null });
  };
  return (
    <Form
      action="Exchange"
      busyText="Talking …"
      submission={submission}
      shownFields={["mode", "speedHz", "bytes"]}
      onSubmit={exchange}
    >
      <Field
        label="Bytes to send, in hexadecimal"
        value={bytes}
        onInput={setBytes}
        code
        placeholder="9f 00 00 00"
        problem={submission.problemOf("bytes")}
      />
      <SelectField
        label="Mode"
        value={mode}
        onChange={setMode}
        choices={[
          ["0", "0: clock idles low, sampled at its rise"],
          ["1", "1: clock idles low, sampled at its fall"],
          ["2", "2: clock idles high, sampled at its fall"],
          ["3", "3: clock idles high, sampled at its rise"],
        ]}
        problem={submission.problemOf("mode")}
      />
      <Field
        label="Clock, in Hz"
        value={speedHz}
        onInput={setSpeedHz}
        inputMode="numeric"
        problem={submission.problemOf("speedHz")}
      />
    </Form>
  );
}
