import type { PinHardware } from "@pi-controller/hardware";
import { type GpioMode, MeshError, type PwmMode } from "@pi-controller/schema";
import type { Claim, PwmMethod, ResourceRules } from "../ledger/ledger.ts";
import { resourceRules } from "../resource-rules.ts";

/** The rules of this machine's board: which drivers there are, and so what can be had, is known once they started. */
export class BoardRules implements ResourceRules {
  readonly #hardware: PinHardware;
  #rules: ResourceRules | undefined;

  constructor(components: { readonly hardware: PinHardware }) {
    this.#hardware = components.hardware;
  }

  /** To be called when the hardware has started. */
  open(): void {
    const { header, i2c, spi, pwm, uarts } = this.#hardware;
    const buses = { i2cBuses: [...i2c.buses()], spiDevices: [...spi.devices()], uarts: [...uarts] };
    const board = { ...buses, pwm: pwm.outputs() };
    this.#rules = resourceRules(header, board);
  }

  canonical(text: string): string {
    return this.#opened().canonical(text);
  }

  claims(resource: string, mode: GpioMode): readonly Claim[] {
    return this.#opened().claims(resource, mode);
  }

  pwmMethods(resource: string, mode: PwmMode): readonly PwmMethod[] {
    return this.#opened().pwmMethods(resource, mode);
  }

  #opened(): ResourceRules {
    if (this.#rules === undefined) throw new MeshError("UNAVAILABLE", "The pins of this node are not ready");
    return this.#rules;
  }
}
