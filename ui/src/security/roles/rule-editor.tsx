import { resources, verbs } from "@pi-controller/schema";
import { Field } from "../../components/field.tsx";
import { Icon } from "../../components/icon.tsx";
import { addDraft, problemText, type RuleDraft, toggled } from "./rule-draft.ts";

interface Properties {
  readonly legend: string;
  readonly drafts: readonly RuleDraft[];
  readonly onChange: (drafts: readonly RuleDraft[]) => void;
  /** What is wrong with the rule of that index, or with the list. */
  readonly problemOf: (index: number | null) => string | undefined;
}

/** Rules as boxes to tick: what may be done, with what, and where that is limited to. */
export function RuleEditor({ legend, drafts, onChange, problemOf }: Properties) {
  const listProblem = drafts.length === 0 ? problemOf(null) : undefined;
  return (
    <fieldset class="rules">
      <legend>{legend}</legend>
      {drafts.map((draft, index) => (
        <RuleDraftEditor
          key={draft.number}
          draft={draft}
          title={`Rule ${index + 1}`}
          problem={problemText(draft, problemOf(index))}
          onChange={(changed) =>
            onChange(drafts.map((other) => (other.number === changed.number ? changed : other)))
          }
          onRemove={() => onChange(drafts.filter(({ number }) => number !== draft.number))}
        />
      ))}
      {listProblem !== undefined && <p class="problem">{listProblem}</p>}
      <button type="button" class="quiet" onClick={() => onChange(addDraft(drafts))}>
        <Icon name="plus" /> Add a rule
      </button>
    </fieldset>
  );
}

interface RuleProperties {
  readonly draft: RuleDraft;
  readonly title: string;
  readonly problem: string | undefined;
  readonly onChange: (draft: RuleDraft) => void;
  readonly onRemove: () => void;
}

function RuleDraftEditor({ draft, title, problem, onChange, onRemove }: RuleProperties) {
  return (
    <fieldset class="rule" data-problem={problem === undefined ? undefined : ""}>
      <legend class="visually-hidden">{title}</legend>
      <div class="panel-title">
        <b aria-hidden="true">{title}</b>
        <button type="button" class="quiet" aria-label={`Remove ${title.toLowerCase()}`} onClick={onRemove}>
          <Icon name="remove" />
        </button>
      </div>
      <Choices
        legend="May"
        words={verbs}
        all="do everything"
        chosen={draft.verbs}
        onChange={(chosen) => onChange({ ...draft, verbs: chosen })}
      />
      <Choices
        legend="with"
        words={resources}
        all="everything"
        chosen={draft.resources}
        onChange={(chosen) => onChange({ ...draft, resources: chosen })}
      />
      <div class="rule-limits">
        <Field
          label="Only these ids (optional)"
          value={draft.names}
          onInput={(names) => onChange({ ...draft, names })}
          placeholder="all"
          code
        />
        <Field
          label="Only in namespaces (optional)"
          value={draft.namespaces}
          onInput={(namespaces) => onChange({ ...draft, namespaces })}
          placeholder="all"
          code
        />
      </div>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

interface ChoicesProperties {
  readonly legend: string;
  readonly words: readonly string[];
  readonly all: string;
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

function Choices({ legend, words, all, chosen, onChange }: ChoicesProperties) {
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {["*", ...words].map((word) => (
        <label key={word} class="choice">
          <input
            type="checkbox"
            checked={chosen.includes(word)}
            onChange={() => onChange(toggled(chosen, word))}
          />
          {word === "*" ? all : word}
        </label>
      ))}
    </fieldset>
  );
}
