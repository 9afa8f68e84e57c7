/** Something that falls due. */
export interface Due {
  readonly dueMs: number;
  /** Of those that fall due together, the lower one comes first. */
  readonly order: number;
  /** Set when nobody waits for it any more: it is dropped when its turn comes. */
  isCancelled: boolean;
}

/** Fewer cancelled ones than this are not worth a search. */
const MIN_CANCELLED = 1_024;

/**
 * What falls due next, in O(log n): a binary heap. Most timers guard against something that does not happen, so
 * cancelling is only a mark, and the marked ones are swept out once they are the greater part.
 */
export class TimerQueue<Item extends Due> {
  #heap: Item[] = [];
  #cancelled = 0;

  /** How many wait, cancelled ones not counted. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(item: Item): void {
    this.#heap.push(item);
    this.#rise(this.#heap.length - 1);
  }

  /** Safe for one that was cancelled or taken before. */
  cancel(item: Item): void {
    if (item.isCancelled) return;
    item.isCancelled = true;
    this.#cancelled++;
    if (this.#cancelled < MIN_CANCELLED || this.#cancelled * 2 < this.#heap.length) return;
    this.#heap = this.#heap.filter(({ isCancelled }) => !isCancelled);
    this.#cancelled = 0;
    for (let index = this.#heap.length >> 1; index >= 0; index--) this.#sink(index);
  }

  /** Takes out the first one that falls due by `endMs`, if there is one. It counts as cancelled from then on. */
  take(endMs: number): Item | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (!first.isCancelled && first.dueMs > endMs) return undefined;
      this.#removeFirst();
      if (first.isCancelled) {
        this.#cancelled--;
        continue;
      }
      first.isCancelled = true;
      return first;
    }
    return undefined;
  }

  #removeFirst(): void {
    const last = this.#heap.pop() as Item;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const item = heap[from] as Item;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Item;
      if (!isBefore(item, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = item;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const item = heap[from];
    if (item === undefined) return;
    let index = from;
    for (let child = 2 * index + 1; child < heap.length; child = 2 * index + 1) {
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Item)) child++;
      const below = heap[child] as Item;
      if (!isBefore(below, item)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = item;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}
