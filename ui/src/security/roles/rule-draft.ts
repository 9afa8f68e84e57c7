import type { Rule } from "@pi-controller/schema";

/** A rule while it is being edited: nothing may be chosen yet, and names are one line of text. */
export interface RuleDraft {
  /** Stays with the draft whatever is changed in it. */
  readonly number: number;
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
  readonly namespaces: string;
  readonly names: string;
}

/** Drafts that stand for rules. */
export function draftsOf(rules: readonly Rule[]): readonly RuleDraft[] {
  return rules.map(({ verbs, resources, namespaces = [], names = [] }, number) => ({
    number,
    verbs,
    resources,
    namespaces: namespaces.join(", "),
    names: names.join(", "),
  }));
}

/** The drafts with one more, in which one may look at something that is still to be chosen. */
export function addDraft(drafts: readonly RuleDraft[]): readonly RuleDraft[] {
  const number = 1 + Math.max(-1, ...drafts.map((draft) => draft.number));
  return [...drafts, { number, verbs: ["get", "list", "watch"], resources: [], namespaces: "", names: "" }];
}

/** What the drafts stand for, to be parsed by the schema of a rule: it says what is missing. */
export function rulesOf(drafts: readonly RuleDraft[]): readonly object[] {
  return drafts.map(({ verbs, resources, namespaces, names }) => ({
    verbs: simplified(verbs),
    resources: simplified(resources),
    ...listIn("namespaces", namespaces),
    ...listIn("names", names),
  }));
}

/** The chosen words with `word` put in or taken out. All, `*`, leaves no other; any other takes it out. */
export function toggled(chosen: readonly string[], word: string): readonly string[] {
  if (chosen.includes(word)) return chosen.filter((other) => other !== word);
  return word === "*" ? ["*"] : [...chosen.filter((other) => other !== "*"), word];
}

/** What is wrong with a draft, for people: what is still to be chosen, or else what the schema says. */
export function problemText(draft: RuleDraft, problem: string | undefined): string | undefined {
  if (problem === undefined) return undefined;
  if (draft.verbs.length === 0) return "Choose what may be done.";
  if (draft.resources.length === 0) return "Choose what it may be done with.";
  return problem;
}

function simplified(words: readonly string[]): readonly string[] {
  return words.includes("*") ? ["*"] : words;
}

function listIn(key: string, text: string): object {
  const words = text.split(/[\s,]+/).filter(Boolean);
  return words.length === 0 ? {} : { [key]: words };
}
