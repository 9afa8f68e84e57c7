import type { UserView } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { changesOf } from "./user-changes.ts";

const user: UserView = {
  id: "u1",
  name: "ann",
  roles: ["monitor", "gardener"],
  disabled: false,
  oidcSubject: null,
  createdAt: "2026-11-21T05:00:00Z",
  updatedAt: "2026-11-21T05:00:00Z",
  canUnseal: false,
  self: false,
};
const draft = { roles: ["gardener", "monitor"], disabled: false, oidcSubject: " ", newPassword: "" };

describe("changesOf", () => {
  it("finds nothing to change when only the order of roles differs", () => {
    expect(changesOf(user, draft)).toEqual({});
  });

  it("names what differs and nothing else", () => {
    expect(changesOf(user, { ...draft, disabled: true })).toEqual({ disabled: true });
    expect(changesOf(user, { ...draft, roles: [] })).toEqual({ roles: [] });
    expect(changesOf(user, { ...draft, newPassword: "tulip bridge" })).toEqual({
      newPassword: "tulip bridge",
    });
  });

  it("unlinks from a provider by an empty subject", () => {
    expect(changesOf({ ...user, oidcSubject: "abc" }, draft)).toEqual({ oidcSubject: null });
    expect(changesOf(user, { ...draft, oidcSubject: " abc " })).toEqual({ oidcSubject: "abc" });
  });
});
