import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { becomesMember } from "../../scripts/mesh-setup.ts";
import { json, makeJoinToken } from "../support/acts.ts";
import { allSee, Cleanup, PeerProcess, startMesh } from "../support/peer-process.ts";

const cleanup = new Cleanup();
let member: PeerProcess;

beforeAll(async () => {
  const [founder] = await startMesh(cleanup, 1, { meshName: "knock" });
  if (founder === undefined) throw new Error("One peer was started");
  member = founder;
});
afterAll(() => cleanup.run());

/** With the member's own API port, on another address of this machine, as on two Pis that are set up alike. */
async function startWithToken(name: string, token: string): Promise<PeerProcess> {
  const file = join(cleanup.temporaryDirectory(), "join-token");
  writeFileSync(file, token, { mode: 0o600 });
  const { hostname, port } = new URL(member.url);
  const flags = ["--no-mdns", "--listen", "127.0.0.2", "--port", port, "--join", hostname];
  return cleanup.peer(
    await PeerProcess.start({
      name,
      dataDirectory: cleanup.temporaryDirectory(),
      flags: [...flags, "--join-token-file", file],
      access: member.access,
    }),
  );
}

it("a node with a join token joins by itself where multicast does not reach, by knocking at a member", async () => {
  const { token } = await makeJoinToken(member);
  const node = await startWithToken("pi-n", token);
  await becomesMember((path, init) => node.request(path, init));
  // It was told the host alone, and the member's mesh port is none that could be guessed: it has learned it.
  await allSee([member, node], ["pi-a", "pi-n"], "alive", 20_000);
});

it("a knock that no token of the mesh has signed is refused, and leads to nothing", async () => {
  const { id } = await makeJoinToken(member);
  const knock = {
    node: "12D3KooWE7XUorSRHsrBFijDfBCnEY5zYijaFnauygbSGqJjCd7K",
    name: "evil",
    joinToken: id,
    addresses: ["/ip4/127.0.0.3/tcp/4101"],
    at: new Date().toISOString(),
    signature: Buffer.alloc(64).toString("base64url"),
  };
  const answer = await fetch(`${member.url}/api/v1/enrolment/knock`, json("POST", knock));
  expect(answer.status).toBe(403);
  expect((await member.request("/api/v1/pending-nodes")).body).toEqual({ items: [] });
});
