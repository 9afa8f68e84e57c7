import type { HeaderPin, NodeGpio } from "@pi-controller/schema";
import { Facts } from "../components/facts.tsx";
import { formatFrequency } from "./pin-signal.ts";

/** What a pin can, whoever holds it. */
export function PinFacts({ pin, node }: { readonly pin: HeaderPin; readonly node: NodeGpio }) {
  const pwm = node.pwm.filter(({ gpio }) => gpio === pin.gpio);
  return (
    <Facts
      facts={[
        [
          "Other functions",
          pin.functions.length === 0 ? (
            "none"
          ) : (
            <ul key="functions" class="plain pin-functions">
              {pin.functions.map(({ name, alternative }) => (
                <li key={`${alternative} ${name}`}>
                  {name} <small>{alternative}</small>
                </li>
              ))}
            </ul>
          ),
        ],
        pwm.length === 0
          ? null
          : [
              "PWM",
              <ul key="pwm" class="plain">
                {pwm.map(({ method, channel, minFrequencyHz, maxFrequencyHz }) => (
                  <li key={`${method} ${channel}`}>
                    {method} ({channel}), {formatFrequency(minFrequencyHz)} to{" "}
                    {formatFrequency(maxFrequencyHz)}
                  </li>
                ))}
              </ul>,
            ],
        pin.bus === null ? null : ["On a bus", pin.bus],
        pin.reservedFor === null ? null : ["Kept for", pin.reservedFor],
      ]}
    />
  );
}
