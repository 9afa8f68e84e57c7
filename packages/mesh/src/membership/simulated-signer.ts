import { hash, timingSafeEqual } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";
import type { SelfReportSigner } from "./self-report-signer.ts";

/**
 * Stands in for real keys in simulations and tests, where ids are names: cheap, the same in every run, and wrong
 * for any other node or other bytes. It protects nothing, since everybody can compute it.
 */
export function simulatedSigner(self: NodeId): SelfReportSigner {
  return {
    sign: (bytes) => markOf(self, bytes),
    verify: (node, bytes, signature) => {
      const mark = markOf(node, bytes);
      return signature.byteLength === mark.byteLength && timingSafeEqual(mark, signature);
    },
  };
}

function markOf(node: NodeId, bytes: Uint8Array): Buffer {
  return hash("sha512", Buffer.concat([Buffer.from(`${node}\n`), bytes]), "buffer");
}
