export { CallAnswerer, type CallAnswererComponents } from "./call-answerer.ts";
export { ChangesAnswerer, type ChangesAnswererComponents } from "./changes-answerer.ts";
export { CHANGES_METHOD } from "./changes-call.ts";
export { CALL_METHOD } from "./owner-calls.ts";
export type { GpioDocuments, GpioNodes, TrustedNow } from "./ports.ts";
export { type RoutedGpioComponents, routedGpio } from "./routed-gpio.ts";
