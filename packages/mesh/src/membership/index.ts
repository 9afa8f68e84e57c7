export type { MembershipChange, MemberView } from "./member-view.ts";
export { Membership } from "./membership.ts";
export type { SelfReportSigner } from "./self-report-signer.ts";
export type { MembershipTiming } from "./timing.ts";
