export {
  type AlarmState,
  type HardwareEvent,
  type HardwareEventType,
  nextAlarms,
  noAlarms,
} from "./alarms.ts";
export type { Edge, GpioDriver, GpioFeatures, LineConfig, LineLevel } from "./gpio/gpio-driver.ts";
export type { PinSimulation } from "./gpio/simulated/simulated-hardware.ts";
export type { SimulatedPins } from "./gpio/simulated/simulated-pins.ts";
export {
  HardwareMonitor,
  type HardwareMonitorComponents,
  type HardwareMonitorOptions,
} from "./hardware-monitor.ts";
export type { BusPins, Header, HeaderPlace, PinFunction, PwmPin } from "./header/header.ts";
export { headerOf } from "./header/header-of.ts";
export { parsePin } from "./header/parse-pin.ts";
export type { I2cDriver } from "./i2c/i2c-driver.ts";
export {
  type LinuxMachineComponents,
  type LinuxMachineOptions,
  linuxMachine,
} from "./linux/linux-machine.ts";
export { decodeRevision, type Revision } from "./linux/revision.ts";
export type { Machine } from "./machine.ts";
export { openPinHardware, type PinHardwareComponents } from "./open-pin-hardware.ts";
export type { PinHardware, PinHardwareOptions } from "./pin-hardware.ts";
export type { PwmDriver, PwmOutput, PwmSetting } from "./pwm/pwm-driver.ts";
export { type SimulatedBoardName, simulatedBoardNames } from "./simulated/boards.ts";
export { type FaultFileComponents, type FaultFileOptions, faultFile } from "./simulated/fault-file.ts";
export {
  type SimulatedControl,
  type SimulatedMachineComponents,
  type SimulatedMachineOptions,
  simulatedMachine,
} from "./simulated/simulated-machine.ts";
export type { SpiDriver, SpiSettings } from "./spi/spi-driver.ts";
export { decodeThrottling, parseThrottlingBits } from "./throttling.ts";
