export { CHANGES_METHOD } from "./changes-call.ts";
export { type GpioExchangeComponents, serveGpio } from "./gpio-exchange.ts";
export { CALL_METHOD } from "./owner-calls.ts";
export type { GpioDocuments, GpioNodes, TrustedNow } from "./ports.ts";
export { type RoutedGpioComponents, routedGpio } from "./routed-gpio.ts";
