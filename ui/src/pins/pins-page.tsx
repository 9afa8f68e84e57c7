import "../style/pins.css";
import type { FunctionComponent } from "preact";
import { TabbedPage } from "../components/tabbed-page.tsx";
import { useMay } from "../identity/identity-context.ts";
import { type PinsSection, pinsPath } from "../route/route.ts";
import { HeaderSection } from "./header-section.tsx";
import { LimitsSection } from "./limits/limits-section.tsx";
import { ReservationsSection } from "./reservations-section.tsx";

const titles: Readonly<Record<PinsSection, string>> = {
  pins: "Header",
  reservations: "Reservations",
  limits: "Limits",
};
const contents: Readonly<Record<PinsSection, FunctionComponent>> = {
  pins: HeaderSection,
  reservations: ReservationsSection,
  limits: LimitsSection,
};

/** The pins of all nodes: what they are, who holds them, and what may be held. */
export function PinsPage({ section }: { readonly section: PinsSection }) {
  const may = useMay();
  const maySeeLimits = may("list", "gpio-quotas") || may("get", "gpio-policy");
  const shown: readonly PinsSection[] = [
    "pins",
    "reservations",
    ...(maySeeLimits ? (["limits"] as const) : []),
  ];
  return (
    <TabbedPage
      title="Pins"
      section={section}
      shown={shown}
      titles={titles}
      contents={contents}
      pathOf={(name) => pinsPath(name)}
    />
  );
}
