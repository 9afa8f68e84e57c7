export {
  type AlarmState,
  type HardwareEvent,
  type HardwareEventType,
  nextAlarms,
  noAlarms,
} from "./alarms.ts";
export {
  HardwareMonitor,
  type HardwareMonitorComponents,
  type HardwareMonitorOptions,
} from "./hardware-monitor.ts";
export {
  type LinuxMachineComponents,
  type LinuxMachineOptions,
  linuxMachine,
} from "./linux/linux-machine.ts";
export { decodeRevision, type Revision } from "./linux/revision.ts";
export type { Machine } from "./machine.ts";
export { type SimulatedBoardName, simulatedBoardNames } from "./simulated/boards.ts";
export { FaultFile, type FaultFileComponents, type FaultFileOptions } from "./simulated/fault-file.ts";
export {
  type SimulatedControl,
  type SimulatedMachineComponents,
  type SimulatedMachineOptions,
  simulatedMachine,
} from "./simulated/simulated-machine.ts";
export { decodeThrottling, parseThrottlingBits } from "./throttling.ts";
