import type { NodeGpio } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Field, SelectField } from "../../components/field.tsx";
import { FormDialog } from "../../forms/form-dialog.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useSession } from "../../session/session-context.ts";
import { useHeldHere } from "../held-here-context.ts";
import { emptyDraft, requestOf, shownFields } from "../reservation-draft.ts";
import { kindOf } from "../resource.ts";
import { InputFields } from "./input-fields.tsx";
import { LeaseFields } from "./lease-fields.tsx";
import { MoreFields } from "./more-fields.tsx";
import { OutputFields } from "./output-fields.tsx";
import { PwmFields } from "./pwm-fields.tsx";

interface Properties {
  readonly node: NodeGpio;
  readonly resource: string;
  /** What the pin can do of PWM. */
  readonly pwm: NodeGpio["pwm"];
  /** Somebody has it: one can wait for it. */
  readonly isTaken: boolean;
  readonly onReserved: () => void;
  readonly onClose: () => void;
}

const WAIT_SECONDS = "60";

/** Asks for a reservation on terms of one's own. */
export function ReserveDialog({ node, resource, pwm, isTaken, onReserved, onClose }: Properties) {
  const { client } = useSession();
  const held = useHeldHere();
  const submission = useSubmission();
  const [draft, setDraft] = useState({ ...emptyDraft, waitSeconds: isTaken ? WAIT_SECONDS : "0" });
  const kind = kindOf(resource) === "pin" ? draft.kind : null;
  const reserve = async () => {
    const request = requestOf(draft, { node: node.node, resource });
    if (request.ttlMs === null) await client.gpio.reserve(request);
    else await held.reserve(request);
    onReserved();
    onClose();
  };
  const form = { draft, onChange: setDraft, submission } as const;
  return (
    <FormDialog
      title={isTaken ? `Wait for ${resource} of ${node.nodeName}` : `Reserve ${resource} of ${node.nodeName}`}
      action={isTaken ? "Stand in line" : "Reserve"}
      busyText="Asking its owner …"
      submission={submission}
      shownFields={shownFields}
      onSubmit={reserve}
      onClose={onClose}
    >
      {kind !== null && (
        <SelectField
          label="Use it as"
          value={kind}
          onChange={(chosen) => setDraft({ ...draft, kind: kinds.find((one) => one === chosen) ?? "output" })}
          choices={[
            ["output", "Output: drive it low or high"],
            ["input", "Input: read it"],
            ["pwm", "PWM: drive it with a duty cycle"],
          ]}
          problem={submission.problemOf("mode") ?? submission.problemOf("mode.kind")}
        />
      )}
      {kind === "output" && <OutputFields {...form} />}
      {kind === "input" && <InputFields {...form} />}
      {kind === "pwm" && <PwmFields {...form} pwm={pwm} />}
      <Field
        label="Name (optional)"
        value={draft.name}
        onInput={(name) => setDraft({ ...draft, name })}
        placeholder="garden-pump"
        problem={submission.problemOf("name")}
      />
      <Field
        label="Purpose (optional)"
        value={draft.purpose}
        onInput={(purpose) => setDraft({ ...draft, purpose })}
        placeholder="waters the tomatoes"
        problem={submission.problemOf("purpose")}
      />
      <LeaseFields {...form} isDriven={kind === "output" || kind === "pwm"} />
      {isTaken && (
        <Field
          label="Wait at most, in seconds"
          value={draft.waitSeconds}
          onInput={(waitSeconds) => setDraft({ ...draft, waitSeconds })}
          inputMode="numeric"
          problem={submission.problemOf("waitMs")}
        />
      )}
      <MoreFields {...form} isTaken={isTaken} isDriven={kind === "output" || kind === "pwm"} />
    </FormDialog>
  );
}

const kinds = ["input", "output", "pwm"] as const;
