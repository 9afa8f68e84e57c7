import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { fieldsOf, generalText, lockoutMs } from "./submission.ts";

describe("generalText", () => {
  const fields = [{ field: "code", message: "wrong" }];

  it("is nothing when all that is wrong stands at its field", () => {
    const error = new MeshError("INVALID_ARGUMENT", "Invalid approval: code: wrong", { fields });
    expect(generalText(error, ["code", "password"])).toBeNull();
    expect(generalText(error, ["password"])).toBe("Invalid approval: code: wrong");
    expect(generalText(null, [])).toBeNull();
  });

  it("takes what is below a field that is shown to be shown with it", () => {
    const below = [{ field: "rules[0].verbs", message: "expected one" }];
    const error = new MeshError("INVALID_ARGUMENT", "Invalid role", { fields: below });
    expect(generalText(error, ["rules"])).toBeNull();
    expect(generalText(error, ["rule"])).toBe("Invalid role");
  });

  it("says of a refusal that one may not do this", () => {
    expect(generalText(new MeshError("PERMISSION_DENIED", "Needs revoke nodes"), ["password"])).toBe(
      "You may not do this. Needs revoke nodes",
    );
  });
});

describe("fieldsOf", () => {
  it("puts a wrong password at its field, also when the peer named none", () => {
    const error = new MeshError("UNAUTHENTICATED", "The password is wrong");
    expect(fieldsOf(error)).toEqual([{ field: "password", message: "The password is wrong" }]);
    expect(generalText(error, ["password"])).toBeNull();
  });
});

describe("lockoutMs", () => {
  it("is how long the peer wants to be left alone", () => {
    expect(lockoutMs(new MeshError("RESOURCE_EXHAUSTED", "Locked", { retryAfterMs: 30_000 }))).toBe(30_000);
    expect(lockoutMs(new MeshError("RESOURCE_EXHAUSTED", "Busy"))).toBeNull();
    expect(lockoutMs(new MeshError("UNAVAILABLE", "Gone", { retryAfterMs: 1 }))).toBeNull();
  });
});
