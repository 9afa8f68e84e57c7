import type { Rule } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { addDraft, draftsOf, problemText, rulesOf, toggled } from "./rule-draft.ts";

describe("rule drafts", () => {
  it("give back the rules that they were made of", () => {
    const rules: readonly Rule[] = [
      { verbs: ["*"], resources: ["gpio"], namespaces: ["home", "garage"] },
      { verbs: ["get", "update"], resources: ["nodes"], names: ["node-0001"] },
    ];
    expect(rulesOf(draftsOf(rules))).toEqual(rules);
  });

  it("number each draft differently, also after one was taken out", () => {
    const drafts = addDraft(addDraft(addDraft(addDraft([]))).slice(1));
    expect(new Set(drafts.map(({ number }) => number)).size).toBe(3);
  });

  it("leave out names that are empty: that means all, and an empty list would be refused", () => {
    expect(rulesOf(addDraft([]))[0]).not.toHaveProperty("names");
    const spaced = addDraft([]).map((draft) => ({ ...draft, names: " a1 ,, b2 " }));
    expect(rulesOf(spaced)[0]).toHaveProperty("names", ["a1", "b2"]);
  });
});

describe("toggled", () => {
  it("puts a word in and takes it out", () => {
    expect(toggled(["get"], "list")).toEqual(["get", "list"]);
    expect(toggled(["get", "list"], "get")).toEqual(["list"]);
  });

  it("lets all stand alone", () => {
    expect(toggled(["get", "list"], "*")).toEqual(["*"]);
    expect(toggled(["*"], "get")).toEqual(["get"]);
  });
});

describe("problemText", () => {
  it("says what is still to be chosen instead of how long a list must be", () => {
    const [draft] = addDraft([]);
    if (draft === undefined) throw new Error("A draft was added");
    expect(problemText(draft, undefined)).toBeUndefined();
    expect(problemText(draft, "Too small")).toBe("Choose what it may be done with.");
    expect(problemText({ ...draft, verbs: [] }, "Too small")).toBe("Choose what may be done.");
    expect(problemText({ ...draft, resources: ["nodes"] }, "expected a namespace")).toBe(
      "expected a namespace",
    );
  });
});
