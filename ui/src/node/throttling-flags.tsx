import type { Throttling } from "@pi-controller/schema";
import { Icon } from "../components/icon.tsx";

interface Flag {
  readonly text: string;
  readonly now: boolean;
}

/** What the firmware says of power and heat, in words; what is happening comes before what has happened. */
export function throttlingFlags(throttling: Throttling): readonly Flag[] {
  const happening: readonly [boolean, string][] = [
    [throttling.underVoltage, "under-voltage"],
    [throttling.throttled, "throttled"],
    [throttling.frequencyCapped, "frequency capped"],
    [throttling.softTemperatureLimit, "near its temperature limit"],
  ];
  const happened: readonly [boolean, string][] = [
    [throttling.underVoltageOccurred && !throttling.underVoltage, "under-voltage since start"],
    [throttling.throttledOccurred && !throttling.throttled, "throttled since start"],
  ];
  const setFlags = (flags: readonly [boolean, string][], now: boolean) =>
    flags.filter(([set]) => set).map(([, text]) => ({ text, now }));
  return [...setFlags(happening, true), ...setFlags(happened, false)];
}

interface Properties {
  readonly throttling: Throttling;
  /** Leaves out what has only happened since the board started. */
  readonly nowOnly?: boolean;
}

/** The flags that are set; nothing when none is. */
export function ThrottlingFlags({ throttling, nowOnly = false }: Properties) {
  const flags = throttlingFlags(throttling).filter(({ now }) => now || !nowOnly);
  return (
    <>
      {flags.map(({ text, now }) => (
        <span key={text} class={now ? "flag flag-now" : "flag"}>
          <Icon name="suspect" />
          {text}
        </span>
      ))}
    </>
  );
}
