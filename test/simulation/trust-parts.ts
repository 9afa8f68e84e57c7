import { DocumentsAgree } from "./invariants/documents.ts";
import { EnrolmentsEnd } from "./invariants/enrolment.ts";
import { TokensAreCounted } from "./invariants/join-tokens.ts";
import { MembershipIsTrue } from "./invariants/membership.ts";
import { ProcessesEnd } from "./invariants/processes.ts";
import { TrustHolds } from "./invariants/trust.ts";
import { UnenrolledAreOut } from "./invariants/unenrolled.ts";
import type { Parts } from "./run.ts";
import { DocumentWrites } from "./workload/document-writes.ts";
import { Enrolments } from "./workload/enrolments.ts";
import { Intruders } from "./workload/intruders.ts";
import { Revocations } from "./workload/revocations.ts";

/** Who comes and who goes, and what has to hold of that. */
export function trustParts(): Parts {
  const writes = new DocumentWrites({ intervalMs: 1_000 });
  return {
    workloads: [
      writes,
      new Enrolments({ intervalMs: 8_000 }),
      new Revocations({ intervalMs: 20_000 }),
      new Intruders({ intervalMs: 4_000 }),
    ],
    invariants: [
      new MembershipIsTrue(),
      new DocumentsAgree({ writes }),
      new ProcessesEnd(),
      new TrustHolds(),
      new EnrolmentsEnd(),
      new UnenrolledAreOut(),
      new TokensAreCounted(),
    ],
  };
}
