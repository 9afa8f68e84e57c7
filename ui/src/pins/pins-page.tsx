import "../style/pins.css";
import type { FunctionComponent } from "preact";
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
  const Content = contents[section];
  return (
    <>
      <div class="title">
        <h1>Pins</h1>
      </div>
      <nav class="tabs" aria-label="Pins">
        {shown.map((name) => (
          <a key={name} href={pinsPath(name)} aria-current={name === section ? "page" : undefined}>
            {titles[name]}
          </a>
        ))}
      </nav>
      {shown.includes(section) ? (
        <Content key={section} />
      ) : (
        <section class="empty">
          <h2>You may not see this</h2>
          <p>Your role does not include it. An admin can give you another one.</p>
        </section>
      )}
    </>
  );
}
