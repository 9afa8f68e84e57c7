import type { Rule } from "@pi-controller/schema";

/** A rule in words, as `get, list nodes and metrics` or `everything with gpio (namespace home)`. */
export function ruleText({ verbs, resources, namespaces, names }: Rule): string {
  const allResources = (resources as readonly string[]).includes("*");
  const allVerbs = (verbs as readonly string[]).includes("*");
  const what = allResources ? "everything" : enumerate(resources);
  const does = allVerbs
    ? allResources
      ? "do everything"
      : `do everything with ${what}`
    : `${enumerate(verbs)} ${what}`;
  const limits = [
    namespaces === undefined ? "" : `in namespace ${enumerate(namespaces)}`,
    names === undefined ? "" : `only ${enumerate(names)}`,
  ].filter(Boolean);
  return limits.length === 0 ? does : `${does}, ${limits.join(", ")}`;
}

function enumerate(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
