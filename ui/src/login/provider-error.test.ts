import { describe, expect, it } from "vitest";
import { providerErrorOfFragment, providerErrorText } from "./provider-error.ts";

describe("an error of a login through a provider", () => {
  it("is read out of the fragment, and nothing else is", () => {
    expect(providerErrorOfFragment("#oidc-error=UNAVAILABLE")).toBe("UNAVAILABLE");
    expect(providerErrorOfFragment("#oidc-error=<b>x</b>")).toBeNull();
    expect(providerErrorOfFragment("#main")).toBeNull();
    expect(providerErrorOfFragment("")).toBeNull();
  });

  it("is put in words, also one that nobody has thought of", () => {
    expect(providerErrorText("UNAVAILABLE")).toContain("cannot be reached");
    expect(providerErrorText("CONSTRUCTOR")).toContain("did not work");
  });
});
