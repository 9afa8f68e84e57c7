import { describe, expect, it } from "vitest";
import { codeOfFragment, readSetupCode } from "./setup-code.ts";

const code = "ABCDE-FGH01-JKMNP-QRSTV";

describe("readSetupCode", () => {
  it.each([
    code,
    "abcde fgh01 jkmnp qrstv",
    "ABCDEFGHOLJKMNPQRSTV",
    " abcde–fghoi–jkmnp–qrstv\n",
    `http://192.168.1.20:8080/#setup=${code}`,
    `https://pi-a.local/#a=b&setup=${code}`,
  ])("takes %j", (text) => {
    expect(readSetupCode(text)).toEqual({ state: "complete", code });
  });

  it("tells how much of it is there", () => {
    expect(readSetupCode("ABCDE-FG")).toMatchObject({ state: "incomplete", problem: "7 of 20 characters" });
    expect(readSetupCode(`${code}9`)).toMatchObject({ problem: "21 of 20 characters" });
    expect(readSetupCode(" - ")).toEqual({ state: "empty" });
  });

  it("names a character that no code has", () => {
    expect(readSetupCode("ABCDU")).toMatchObject({ problem: "A set-up code has no “U”" });
    expect(readSetupCode("ABCD💥")).toMatchObject({ problem: "A set-up code has no “💥”" });
  });
});

describe("codeOfFragment", () => {
  it("finds the code in the fragment, and none in others", () => {
    expect(codeOfFragment(`#setup=${code}`)).toBe(code);
    expect(codeOfFragment(`#x=1&setup=${code}&y=2`)).toBe(code);
    expect(codeOfFragment("#main")).toBeNull();
    expect(codeOfFragment("")).toBeNull();
  });
});
