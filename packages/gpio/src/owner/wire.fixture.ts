import type { Transaction, WritableDocument } from "@pi-controller/document";
import type { PinHardware } from "@pi-controller/hardware";

/**
 * Stands between an owner and all that outlives it, and can be cut: what is asked after that does nothing and is
 * never answered, as from a process that was killed. It can cut itself before or after any step.
 */
export class Wire {
  /** Asked before each call of the GPIO driver; what it returns, when it does, is what the call comes to. */
  interfere: (lines: readonly number[]) => Promise<never> | undefined = () => undefined;
  #stepsLeft = Number.POSITIVE_INFINITY;
  #isCut = false;

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Cuts it at a step to come. Each call is two: before it was made, and when it was, but nobody has heard so. */
  cutAfter(steps: number): void {
    this.#stepsLeft = steps;
  }

  cut(): void {
    this.#isCut = true;
  }

  /** @param driver of PWM, instead of the hardware's own */
  hardware(hardware: PinHardware, driver = hardware.pwm): PinHardware {
    const gpio = {
      name: "gpio",
      get features() {
        return hardware.gpio.features;
      },
      start: async () => {},
      stop: async () => {},
      configure: this.#through(
        (lines: Parameters<typeof hardware.gpio.configure>[0]) =>
          this.interfere([...lines.keys()]) ?? hardware.gpio.configure(lines),
      ),
      release: this.#through(
        (line: number, leave: "input" | "as-is") =>
          this.interfere([line]) ?? hardware.gpio.release(line, leave),
      ),
      read: this.#through((lines: readonly number[]) => hardware.gpio.read(lines)),
      write: this.#through(
        (levels: Parameters<typeof hardware.gpio.write>[0]) =>
          this.interfere(levels.map(({ line }) => line)) ?? hardware.gpio.write(levels),
      ),
      observe: (listener: Parameters<typeof hardware.gpio.observe>[0]) =>
        hardware.gpio.observe((edges) => {
          if (!this.#isCut) listener(edges);
        }),
    };
    const pwm = {
      name: "pwm",
      start: async () => {},
      stop: async () => {},
      outputs: () => driver.outputs(),
      set: this.#through((...args: Parameters<typeof driver.set>) => driver.set(...args)),
      end: this.#through((...args: Parameters<typeof driver.end>) => driver.end(...args)),
    };
    return {
      get kind() {
        return hardware.kind;
      },
      get problem() {
        return hardware.problem;
      },
      header: hardware.header,
      uarts: hardware.uarts,
      gpio,
      pwm,
      get i2c() {
        return hardware.i2c;
      },
      get spi() {
        return hardware.spi;
      },
      start: async () => {},
      stop: async () => {},
    };
  }

  document(document: WritableDocument): WritableDocument {
    const transact = <R>(change: (transaction: Transaction) => R): Promise<R> =>
      this.#through(() => document.transact(change))();
    return {
      transact,
      collection: (definition) => ({
        ...document.collection(definition),
        put: (id, value) => transact((transaction) => transaction.put(definition, id, value)),
        delete: (id) => transact((transaction) => transaction.delete(definition, id)),
        observe: (listener) =>
          document.collection(definition).observe((changes) => {
            if (!this.#isCut) listener(changes);
          }),
      }),
    };
  }

  #through<Args extends unknown[], R>(call: (...args: Args) => Promise<R>): (...args: Args) => Promise<R> {
    return (...args) => {
      if (this.#isOver()) return new Promise<R>(() => {});
      return new Promise((resolve, reject) => {
        call(...args).then(
          (result) => {
            if (!this.#isOver()) resolve(result);
          },
          (error: unknown) => {
            if (!this.#isOver()) reject(error);
          },
        );
      });
    };
  }

  #isOver(): boolean {
    if (this.#stepsLeft-- <= 0) this.#isCut = true;
    return this.#isCut;
  }
}
