export { Membership, type MembershipChange, type MemberView } from "./membership.ts";
export type { MembershipTiming } from "./timing.ts";
