export type { NodeUseCases, RequestContext, Revised } from "./use-cases.ts";
