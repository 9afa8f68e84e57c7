import type { Holder, PrincipalView } from "@pi-controller/schema";

/** Whether the user is the one that holds a reservation. Somebody whom a provider alone knows has no id but a name. */
export function isHolder(principal: Pick<PrincipalView, "userId" | "userName">, holder: Holder): boolean {
  return holder.userId === null
    ? principal.userId === null && holder.userName === principal.userName
    : holder.userId === principal.userId;
}
