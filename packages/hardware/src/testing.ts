// What tests outside of this package need of it: the contracts, and the adapters that need a kernel to keep them.
export { describeGpioDriverContract } from "./gpio/gpio-driver-contract.ts";
export { gpiodDriver } from "./gpio/gpiod/gpiod-driver.ts";
export { describeI2cDriverContract } from "./i2c/i2c-contract.ts";
export { linuxI2c } from "./i2c/linux-i2c.ts";
export { DaemonSocket } from "./pigpio/daemon-socket.ts";
export { pigpioConnection } from "./pigpio/pigpio-connection.ts";
export { pigpioGpio } from "./pigpio/pigpio-gpio.ts";
export { pigpioPwm } from "./pigpio/pigpio-pwm.ts";
export { command as pigpioCommand, type Report as PigpioReport } from "./pigpio/wire.ts";
export { describePwmDriverContract } from "./pwm/pwm-contract.ts";
export { simulatedPwm } from "./pwm/simulated-pwm.ts";
export { sysfsPwm } from "./pwm/sysfs-pwm.ts";
export { linuxSpi } from "./spi/linux-spi.ts";
export { describeSpiDriverContract } from "./spi/spi-contract.ts";
