// Runs in the guest: prints the cost of the guard on Linux' GPIO character device as one line of JSON.
import { guardCost } from "./guard-cost.ts";

console.log(`guard-cost ${JSON.stringify(await guardCost("gpiod"))}`);
process.exit(0);
