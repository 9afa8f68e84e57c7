import { type GpioPolicy, gpioPolicySchema, parseInput } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { Facts } from "../../components/facts.tsx";
import { Field, SelectField } from "../../components/field.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { Form } from "../../forms/form.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useMay } from "../../identity/identity-context.ts";
import { Section } from "../../security/section.tsx";
import { useSession } from "../../session/session-context.ts";
import { useLoaded } from "../../session/use-loaded.ts";

const actTexts = { nothing: "nothing", stop: "stop its outputs" } as const;
const clearTexts = {
  "by-hand": "somebody clears it",
  "with-the-alarm": "the alarm is over",
} as const;

/** What every node does with its outputs by itself. */
export function PolicySection() {
  const mayChange = useMay()("update", "gpio-policy");
  const loaded = useLoaded((client, call) => client.gpio.policy(call));
  return (
    <Section title="Safety policy" lead="What each node does by itself, also when it is cut off.">
      <LoadedContent loaded={loaded}>
        {(policy) =>
          mayChange ? (
            <PolicyForm policy={policy} onSaved={loaded.replace} />
          ) : (
            <PolicyFacts policy={policy} />
          )
        }
      </LoadedContent>
    </Section>
  );
}

function PolicyFacts({ policy }: { readonly policy: GpioPolicy }) {
  const { boardMilliwatts } = policy;
  return (
    <Facts
      facts={[
        ["Low voltage", actTexts[policy.onUnderVoltage]],
        ["Heat", actTexts[policy.onOverTemperature]],
        ["Stands until", clearTexts[policy.clear]],
        ["Power of a board", boardMilliwatts === null ? "what its 3.3 V pins give" : `${boardMilliwatts} mW`],
      ]}
    />
  );
}

interface Properties {
  readonly policy: GpioPolicy;
  readonly onSaved: (policy: GpioPolicy) => void;
}

function PolicyForm({ policy, onSaved }: Properties) {
  const { client } = useSession();
  const submission = useSubmission();
  const [saved, setSaved] = useState(false);
  const [draft, setDraft] = useState({
    ...policy,
    boardMilliwatts: policy.boardMilliwatts === null ? "" : String(policy.boardMilliwatts),
  });
  const change = (changes: Partial<typeof draft>) => {
    setSaved(false);
    setDraft({ ...draft, ...changes });
  };
  const save = async () => {
    const text = draft.boardMilliwatts.trim();
    const milliwatts = Number.isNaN(Number(text)) ? text : Number(text);
    const body = { ...draft, boardMilliwatts: text === "" ? null : milliwatts };
    onSaved(await client.gpio.setPolicy(parseInput(gpioPolicySchema, body, "policy")));
    setSaved(true);
  };
  const acts = Object.entries(actTexts);
  return (
    <div class="policy">
      <Form
        action="Save"
        busyText="Saving …"
        submission={submission}
        shownFields={["onUnderVoltage", "onOverTemperature", "clear", "boardMilliwatts"]}
        onSubmit={save}
      >
        <SelectField
          label="When a board gets too little voltage"
          value={draft.onUnderVoltage}
          onChange={(act) => change({ onUnderVoltage: act === "stop" ? "stop" : "nothing" })}
          choices={acts}
          hint="Fewer loads may be what lets the board live on."
          problem={submission.problemOf("onUnderVoltage")}
        />
        <SelectField
          label="When a board is too hot"
          value={draft.onOverTemperature}
          onChange={(act) => change({ onOverTemperature: act === "stop" ? "stop" : "nothing" })}
          choices={acts}
          problem={submission.problemOf("onOverTemperature")}
        />
        <SelectField
          label="Such a stop stands until"
          value={draft.clear}
          onChange={(clear) => change({ clear: clear === "with-the-alarm" ? "with-the-alarm" : "by-hand" })}
          choices={Object.entries(clearTexts)}
          problem={submission.problemOf("clear")}
        />
        <Field
          label="Power budget of a board, in mW"
          value={draft.boardMilliwatts}
          onInput={(boardMilliwatts) => change({ boardMilliwatts })}
          inputMode="numeric"
          placeholder="what its 3.3 V pins give"
          problem={submission.problemOf("boardMilliwatts")}
        />
      </Form>
      <p role="status" class="muted">
        {saved ? "Saved. All nodes go by it as they hear of it." : ""}
      </p>
    </div>
  );
}
