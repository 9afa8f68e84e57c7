import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { browserClock } from "./page-clock.ts";

const SECOND_MS = 1000;
const ticks = signal(0);
/** How many components watch; the one timer runs only while somebody does. */
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/**
 * Renders the component again every second, for what counts up or down.
 *
 * @returns monotonic time in ms
 */
export function useSecond(): number {
  useEffect(() => {
    watchers += 1;
    timer ??= setInterval(() => {
      ticks.value += 1;
    }, SECOND_MS);
    return () => {
      watchers -= 1;
      if (watchers > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  // Read, so that the component depends on it.
  void ticks.value;
  return browserClock.monotonic();
}
