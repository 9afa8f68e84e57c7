export { type GpioExchangeComponents, serveGpio } from "./gpio-exchange.ts";
export type { GpioDocuments, GpioNodes, TrustedNow } from "./ports.ts";
export { type RoutedGpioComponents, routedGpio } from "./routed-gpio.ts";
