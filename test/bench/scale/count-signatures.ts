import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

/** Counts how often signatures are verified. After `beDeterministic`, which verifies each once for all peers. */
export function countSignatures(): { asked: number } {
  const count = { asked: 0 };
  const { verify } = crypto;
  crypto.verify = ((...args: Parameters<typeof verify>) => {
    count.asked++;
    return verify(...args);
  }) as typeof verify;
  syncBuiltinESMExports();
  return count;
}
