import { expect, it } from "vitest";
import { testMesh } from "../../trust/testing.ts";
import { verifyAll } from "../../trust/verify-all.ts";
import { bundleFor } from "./bundle.ts";

it("gives a new member everything, and of a mesh that is too large for one message what its entry stands on", async () => {
  const mesh = await testMesh();
  const all = mesh.trust.envelopes();
  expect(bundleFor(mesh.node.node, all)).toEqual(all);
  const needed = bundleFor(mesh.node.node, all, 100);
  expect(needed.length).toBe(all.length - 1);
  const { rejected, view } = verifyAll(needed, mesh.trust.meshId);
  expect(rejected).toEqual([]);
  expect([view.members.size, view.meshSecrets.size, view.credentials.size]).toEqual([1, 1, 0]);
  expect(verifyAll(bundleFor("12D3KooWanother", all, 100), mesh.trust.meshId).view.meshSecrets.size).toBe(0);
  mesh.dispose();
});
