import { type Access, MeshError } from "@pi-controller/schema";
import type { Requester } from "../asking.ts";

/** @throws MeshError PERMISSION_DENIED */
export function demand(requester: Requester, access: Access): void {
  const refusal = requester.refusal(access);
  if (refusal !== undefined) throw new MeshError("PERMISSION_DENIED", refusal);
}

/** Answers once for each namespace: a list has many reservations of few tenants. */
export function mayIn(
  requester: Requester,
  access: Pick<Access, "verb" | "resource">,
): (namespace: string) => boolean {
  const known = new Map<string, boolean>();
  return (namespace) => {
    const answer = known.get(namespace) ?? requester.refusal({ ...access, namespace }) === undefined;
    known.set(namespace, answer);
    return answer;
  };
}
