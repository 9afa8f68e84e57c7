import { describeSelfReportSignerContract } from "./self-report-signer-contract.ts";
import { simulatedSigner } from "./simulated-signer.ts";

describeSelfReportSignerContract("simulatedSigner", async () => [
  { node: "peer-0001", signer: simulatedSigner("peer-0001") },
  { node: "peer-0002", signer: simulatedSigner("peer-0002") },
]);
