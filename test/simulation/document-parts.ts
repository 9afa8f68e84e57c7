import { DocumentsAgree } from "./invariants/documents.ts";
import { MarksStand } from "./invariants/marks.ts";
import { ProcessesEnd } from "./invariants/processes.ts";
import type { Parts } from "./run.ts";
import { DocumentWrites } from "./workload/document-writes.ts";
import { Marks } from "./workload/marks.ts";

/** So much is written that logs are compacted twice a minute. */
export function documentParts(): Parts {
  const writes = new DocumentWrites({ intervalMs: 1_000 });
  const marks = new Marks({ intervalMs: 150 });
  return {
    workloads: [writes, marks],
    invariants: [new DocumentsAgree({ writes }), new MarksStand({ workload: marks }), new ProcessesEnd()],
  };
}
