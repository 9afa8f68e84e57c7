/** Deeper nesting is taken for an attack on the stack. */
const MAX_DEPTH = 32;

/** What a document holds: JSON, and at the top an object. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Freezes a value of JSON and all that is in it, so that no reader can change what others read. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

/**
 * Whether a decoded value is an object of plain JSON. Yjs also decodes bytes, big integers and `undefined`,
 * and a `__proto__` key turns into a foreign prototype there.
 */
export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) && isJson(value, MAX_DEPTH);
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth === 0) return false;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every((part) => isJson(part, depth - 1));
}
