export {
  RevocationInquiry,
  type RevocationInquiryComponents,
  type Witness,
} from "./inquiry/revocation-inquiry.ts";
export type { NodeWish } from "./member/approvals.ts";
export { Enrolment, type EnrolmentComponents } from "./member/enrolment.ts";
export type { EnrolmentEvents } from "./member/events.ts";
export {
  type EnrolmentSecrets,
  type EnrolmentSecretsOptions,
  loadEnrolmentSecrets,
  wipeEnrolmentSecrets,
} from "./pending/enrolment-secrets.ts";
export {
  type Claimed,
  UnclaimedNode,
  type UnclaimedNodeComponents,
  type UnclaimedNodeOptions,
} from "./pending/unclaimed-node.ts";
