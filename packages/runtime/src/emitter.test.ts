import { describe, expect, it } from "vitest";
import { Emitter } from "./emitter.ts";

const begin = () => {
  const heard: string[] = [];
  const errors: unknown[] = [];
  return { heard, errors, emitter: new Emitter<string>((error) => errors.push(error)) };
};

describe("Emitter", () => {
  it("calls a listener that was given twice twice, and once less for each unsubscription", () => {
    const { heard, emitter } = begin();
    const listener = (value: string) => heard.push(value);
    const stops = [emitter.on(listener), emitter.on(listener)];
    emitter.emit("two");
    stops[0]?.();
    stops[0]?.();
    emitter.emit("one");
    stops[1]?.();
    emitter.emit("none");
    expect(heard).toEqual(["two", "two", "one"]);
  });

  it("reports a listener that throws and calls the others", () => {
    const { heard, errors, emitter } = begin();
    const error = new Error("a bad listener");
    emitter.on(() => {
      throw error;
    });
    emitter.on((value) => heard.push(value));
    emitter.emit("a");
    expect([heard, errors]).toEqual([["a"], [error]]);
  });

  it("tells everybody who listened when it began, whoever comes and goes meanwhile", () => {
    const { heard, emitter } = begin();
    const first = emitter.on((value) => {
      heard.push(`first ${value}`);
      first();
      emitter.on((later) => heard.push(`late ${later}`));
    });
    emitter.on((value) => heard.push(`second ${value}`));
    emitter.emit("a");
    expect(heard).toEqual(["first a", "second a"]);
    emitter.emit("b");
    expect(heard.slice(2)).toEqual(["second b", "late b"]);
  });
});
