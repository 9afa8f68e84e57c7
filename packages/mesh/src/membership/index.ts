export type { MembershipChange, MemberView } from "./member-view.ts";
export { Membership } from "./membership.ts";
export type { MembershipTiming } from "./timing.ts";
