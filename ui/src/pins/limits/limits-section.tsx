import { useMay } from "../../identity/identity-context.ts";
import { PolicySection } from "./policy-section.tsx";
import { QuotasSection } from "./quotas-section.tsx";

/** What tenants may hold, and what nodes do by themselves. */
export function LimitsSection() {
  const may = useMay();
  return (
    <>
      {may("list", "gpio-quotas") && <QuotasSection />}
      {may("get", "gpio-policy") && <PolicySection />}
    </>
  );
}
