import { readFileSync } from "node:fs";

const CLAIMS_MARK = "<!-- claims: each line is the name of a test -->";

/** What SECURITY.md says that the holder of a stolen card cannot do. */
export function claimsOfSecurity(): string[] {
  const text = readFileSync(new URL("../../SECURITY.md", import.meta.url), "utf8");
  const [, after = ""] = text.split(CLAIMS_MARK);
  const [list = ""] = after.trimStart().split("\n\n");
  return list
    .split(/^- /m)
    .slice(1)
    .map((claim) => claim.trim().replace(/[;.]$/, ""));
}
