// One process of `npm run simulate`: runs the seeds that it is told, one after the other.
import { applyMutation } from "../mutations/apply.ts";
import { mutationNamed } from "../mutations/planted/index.ts";
import { parseOptions } from "./options.ts";

const options = parseOptions(process.argv.slice(2));
if (options === "help") throw new Error("A worker helps nobody");
if (options.mutation !== undefined) applyMutation(mutationNamed(options.mutation));
// Only now: what is loaded before a mutation is applied has no bug planted in it.
const { simulateSeed } = await import("./simulate-seed.ts");

process.on("message", (seed: number) => {
  void simulateSeed(seed, options).then((report) => process.send?.(report));
});
process.send?.("ready");
