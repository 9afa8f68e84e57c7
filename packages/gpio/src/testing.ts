// What tests of other packages need: nodes with pins, and somebody who asks them. No program imports it.
export { desiredCollection, reservationsCollection } from "./collections.ts";
export { compareTokens } from "./ledger/token.ts";
export { GpioMesh, type GpioMeshOptions, type GpioPeer, startGpioMesh } from "./mesh/gpio-mesh.ts";
export { askingOf, evidence, requesterOf, rivals } from "./mesh/test-users.ts";
