import { MemoryDisk, MemoryStore } from "./memory-store.ts";
import { describeStoreContract } from "./store.contract.ts";

describeStoreContract("MemoryStore", async () => {
  const disk = new MemoryDisk();
  return { next: () => new MemoryStore(disk) };
});
