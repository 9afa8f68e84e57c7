import { type Access, MeshError, rulesAllow } from "@pi-controller/schema";
import type { Asking, GpioEvidence, Requester } from "../asking.ts";

type Rules = Parameters<typeof rulesAllow>[0];

const ALL: Rules = [{ verbs: ["*"], resources: ["*"] }];
/** Those who may everything, as ada may: several to compete with each other. */
export const rivals = ["bea", "cleo", "dan", "eve"] as const;

/** `ada` may everything, `mona` may watch and see, `tom` all in the namespace `plant` alone, `nemo` nothing. */
const rulesOf: Readonly<Record<string, Rules>> = {
  ada: ALL,
  ...Object.fromEntries(rivals.map((name) => [name, ALL])),
  mona: [{ verbs: ["get", "list", "watch"], resources: ["gpio", "gpio-stops"] }],
  tom: [{ verbs: ["*"], resources: ["gpio", "gpio-quotas"], namespaces: ["plant"] }],
  nemo: [],
};

export function requesterOf(userName: string): Requester {
  return {
    userName,
    userId: `user-${userName.padEnd(16, "0")}`,
    refusal: (access: Access) =>
      rulesAllow(rulesOf[userName] ?? [], access)
        ? undefined
        : `${userName} may not ${access.verb} ${access.resource}`,
  };
}

/** Evidence is `proof-of-<name>`, an intent `<name>/<digest>`: what signatures would show is said outright. */
export const evidence: GpioEvidence = {
  async verify(text) {
    const name = /^proof-of-(\w+)$/.exec(text)?.[1];
    if (name === undefined) throw new MeshError("UNAUTHENTICATED", "The token is not valid");
    return requesterOf(name);
  },
  async verifyIntent(signature, digest) {
    const [name = "", signed] = signature.split("/");
    if (signed !== digest || rulesOf[name] === undefined) {
      throw new MeshError("UNAUTHENTICATED", "The signature is not valid");
    }
    return requesterOf(name);
  },
};

/** @param given what is other than usual */
export function askingOf(userName = "ada", given: Partial<Asking> = {}): Asking {
  return {
    requester: requesterOf(userName),
    correlationId: "request-1",
    idempotencyKey: undefined,
    timeoutMs: 10_000,
    evidence: async () => `proof-of-${userName}`,
    signIntent: async (digest) => `${userName}/${digest}`,
    ...given,
  };
}
