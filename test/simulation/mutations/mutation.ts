import type { PlanOptions } from "../plan/plan-of.ts";

/** A bug as a programmer could make it, put into the product's code as it is loaded. */
export interface Mutation {
  /** As `documents-acknowledge-before-disk`. */
  readonly name: string;
  /** Path from the root of the repository. */
  readonly file: string;
  /** What is in that file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The rule that it breaks. */
  readonly why: string;
  /** Name of the invariant that should notice first. */
  readonly invariant: string;
  readonly hunt: HuntScale;
}

/** The cheapest world in which a mutation was found; what is left out is as usual. */
export interface HuntScale extends Partial<Omit<PlanOptions, "peers" | "durationMs">> {
  readonly peers: number;
  readonly minutes: number;
  /** What people do meanwhile, and what is watched: all there is when left out, or what is about one thing. */
  readonly parts?: "documents" | "trust";
  /** One that finds it. Product code that draws other numbers than it did may make that another one. */
  readonly seed: number;
}
