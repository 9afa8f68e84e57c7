/** A board's model without what all of them have in common: `Pi 5 Model B` of `Raspberry Pi 5 Model B Rev 1.0`. */
export function shortModel(model: string): string {
  return model.replace(/^Raspberry /, "").replace(/ Rev [0-9.]+$/, "");
}
