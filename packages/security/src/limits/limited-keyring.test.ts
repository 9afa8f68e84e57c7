import { VirtualClock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import type { AuthorityKey, Keyring, UserKey } from "../keys.ts";
import { LimitedKeyring } from "./limited-keyring.ts";

const ADA = { id: "user-0000000000000000" };

function make(code: "UNAUTHENTICATED" | "RESOURCE_EXHAUSTED" = "UNAUTHENTICATED") {
  const clock = new VirtualClock();
  let asked = 0;
  const unlock = async (password: string) => {
    asked++;
    if (password !== "right") throw new MeshError(code, "no");
  };
  const keyring: Keyring = {
    unlockUser: async (_name, password) => {
      await unlock(password);
      return {} as UserKey;
    },
    unlockAuthority: async (_user, password) => {
      await unlock(password);
      return {} as AuthorityKey;
    },
  };
  const limited = new LimitedKeyring({ clock, keyring });
  const tryOnce = (password: string, name: { id: string } | { userName: string } = ADA) =>
    limited.unlockUser(name, password).then(
      () => "opened",
      (error: unknown) => (error as MeshError).code,
    );
  return { clock, limited, tryOnce, asked: () => asked };
}

describe("LimitedKeyring", () => {
  it("asks for a user's password five times, then lets him wait, for the authority as well", async () => {
    const { clock, limited, tryOnce, asked } = make();
    for (let count = 0; count < 5; count++) expect(await tryOnce("wrong")).toBe("UNAUTHENTICATED");
    expect(await tryOnce("right")).toBe("RESOURCE_EXHAUSTED");
    await expect(limited.unlockAuthority(ADA.id, "right")).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
    expect(asked()).toBe(5);
    await clock.advance(1_000);
    expect(await tryOnce("right")).toBe("opened");
    expect(await tryOnce("wrong")).toBe("UNAUTHENTICATED");
  });

  it("counts what is tried at once", async () => {
    const { tryOnce, asked } = make();
    await Promise.all(Array.from({ length: 50 }, () => tryOnce("wrong")));
    expect(asked()).toBe(5);
  });

  it("does not count what was not looked at, nor logins by name, which are limited elsewhere", async () => {
    const busy = make("RESOURCE_EXHAUSTED");
    for (let count = 0; count < 20; count++) await busy.tryOnce("wrong");
    expect(busy.asked()).toBe(20);
    const byName = make();
    for (let count = 0; count < 20; count++) await byName.tryOnce("wrong", { userName: "ada" });
    expect(byName.asked()).toBe(20);
  });
});
