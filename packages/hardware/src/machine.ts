import type { Board, MetricsSample } from "@pi-controller/schema";

/** Port: the machine that this peer runs on. */
export interface Machine {
  /**
   * Finds out what the machine is. What cannot be found is left out or empty; it never throws for a
   * missing file or a sensor that fails.
   */
  detect(): Promise<Board>;
  /**
   * Measures once. A sensor that is missing or fails gives null. CPU usage is the average since the call
   * before, and null on the first call.
   */
  sample(): Promise<MetricsSample>;
}
