import { ClaimingPage } from "./claiming-page.tsx";
import { SetupPage } from "./setup-page.tsx";

/**
 * All that a node without a mesh shows. It comes as one file: while the node becomes a member is no time to fetch
 * another one from it.
 */
export function SetupArea({ claiming }: { readonly claiming: boolean }) {
  return claiming ? <ClaimingPage /> : <SetupPage />;
}
