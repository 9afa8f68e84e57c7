// Runs in the guest: prints the cost of the guard on Linux' GPIO character device as one line of JSON.
import { guardCost } from "./guard-cost.ts";
import { sharedTimes } from "./shared-time.ts";

const { times, stop } = sharedTimes();
console.log(`guard-cost ${JSON.stringify(await guardCost("gpiod", times))}`);
await stop();
process.exit(0);
