/** Stands for real disks in simulations and tests. */
export {
  type DiskSnapshot,
  SimulatedDisk,
  type SimulatedDiskComponents,
} from "./store/simulated-disk.ts";
export { SimulatedFile } from "./store/simulated-file.ts";
export { SimulatedStore, type SimulatedStoreComponents } from "./store/simulated-store.ts";
