import type { Mutation } from "../mutation.ts";

const folder = "packages/security/src";

export const trustMutations: readonly Mutation[] = [
  {
    name: "trust-gate-knows-the-revoked",
    file: `${folder}/trust/trust-gate.ts`,
    find: "allows: (peer) => peer === self || trust.view.members.has(peer),",
    replace:
      "allows: (peer) => peer === self || trust.view.members.has(peer) || trust.view.revocations.has(peer),",
    why: "The gate lets valid members in: somebody revoked is known, and no member.",
    invariant: "trust",
    hunt: { peers: 6, minutes: 4, seed: 1, parts: "trust" },
  },
  {
    name: "trust-gate-cuts-nobody",
    file: `${folder}/trust/trust-gate.ts`,
    find: "const gone = [...members.keys()].some((node) => !view.members.has(node));",
    replace: "const gone = view.members.size < members.size - 1;",
    why: "Connections to a node end as soon as it is revoked.",
    invariant: "trust",
    hunt: { peers: 6, minutes: 4, seed: 1, parts: "trust" },
  },
  {
    name: "trust-revocation-of-the-entry-before",
    file: `${folder}/trust/signer-rules.ts`,
    find: "return revocation !== undefined && member.version <= revocation.memberVersion;",
    replace: "return revocation !== undefined && member.version < revocation.memberVersion;",
    why: "A revocation voids the entry that it names, not only those before it.",
    invariant: "trust",
    hunt: { peers: 6, minutes: 4, seed: 1, parts: "trust" },
  },
  {
    name: "trust-carrier-hears-no-changes",
    file: `${folder}/trust/trust-carrier.ts`,
    find: "for (const { id } of changes) this.#changed.add(id);",
    replace: "",
    why: "Statements that come with the mesh document are taken in.",
    invariant: "trust",
    hunt: { peers: 6, minutes: 4, seed: 1, parts: "trust" },
  },
  {
    name: "enrolment-token-once-too-often",
    file: `${folder}/enrolment/member/join-token-state.ts`,
    find: 'return used >= token.uses ? "used-up" : "valid";',
    replace: 'return used > token.uses ? "used-up" : "valid";',
    why: "A join token admits as many nodes as it says.",
    invariant: "join tokens",
    hunt: { peers: 2, strangers: 8, minutes: 4, seed: 1, parts: "trust", faultsPerPeerMinute: 0 },
  },
];
