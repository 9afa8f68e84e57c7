import { useEffect, useState } from "preact/hooks";
import { browserClock } from "./page-clock.ts";

const SECOND_MS = 1000;

/**
 * Renders the component again every second, for what counts up or down.
 *
 * @returns monotonic time in ms
 */
export function useSecond(): number {
  const [now, setNow] = useState(() => browserClock.monotonic());
  useEffect(() => {
    const timer = setInterval(() => setNow(browserClock.monotonic()), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
