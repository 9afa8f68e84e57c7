export {
  type Collection,
  type CollectionChange,
  type CollectionDefinition,
  defineCollection,
  type ReadonlyCollection,
  type Transaction,
} from "./collection.ts";
export { canonicalJson } from "./content/canonical-json.ts";
export {
  Documents,
  type DocumentsComponents,
  type DocumentsOptions,
  type DocumentsStatus,
  defaultDocumentsOptions,
} from "./documents.ts";
export type { ReadonlyDocument, WritableDocument } from "./scope-view.ts";
export { type LevelStoreOptions, levelStore } from "./store/level-store.ts";
export type { LogChange, Store, StoredLog } from "./store/store.ts";
