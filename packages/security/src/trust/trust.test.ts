import { afterEach, describe, expect, it } from "vitest";
import { TEST_PASSWORD, type TestMesh, testMesh } from "./testing.ts";

let mesh: TestMesh;
afterEach(() => mesh.dispose());

describe("a founded mesh", () => {
  it("has its first member, admin and secret, and unseals its authority with the admin's password", async () => {
    mesh = await testMesh();
    const { trust, keyring, node, founded } = mesh;
    expect([...trust.view.members.keys()]).toEqual([node.node]);
    expect(trust.view.meshSecrets.get(node.node)?.epoch).toBe(1);
    const [user] = [...trust.view.users.values()];
    if (user === undefined) throw new Error("no user");
    const authority = await keyring.unlockAuthority(user.id, TEST_PASSWORD);
    expect(authority.seed).toEqual(founded.authority.seed);
    expect(authority.rootKey).toEqual(new Uint8Array(138).fill(7));
    authority.wipe();
    expect(() => authority.sign(new Uint8Array())).toThrow("sealed again");
    await expect(keyring.unlockAuthority(user.id, "wrong")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await expect(keyring.unlockUser({ userName: "bob" }, "x")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
