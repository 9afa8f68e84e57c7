import type { Method, Route } from "./route.ts";

export type RouteMatch =
  | { readonly kind: "route"; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  /** The path exists; these are the methods that it takes. */
  | { readonly kind: "other-method"; readonly allowed: readonly string[] }
  | { readonly kind: "none" };

/** Finds the route of a request. A dozen routes: comparing them one by one costs less than any index. */
export class Router {
  readonly #routes: readonly { readonly route: Route; readonly segments: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, segments: route.path.split("/") }));
  }

  /** @param path as in the request line, not decoded, without the query */
  match(method: string, path: string): RouteMatch {
    const segments = path.split("/");
    const allowed = new Set<Method | "HEAD">();
    for (const { route, segments: pattern } of this.#routes) {
      const params = paramsOf(pattern, segments);
      if (params === undefined) continue;
      if (route.method === method || (route.method === "GET" && method === "HEAD")) {
        return { kind: "route", route, params };
      }
      allowed.add(route.method);
      if (route.method === "GET") allowed.add("HEAD");
    }
    return allowed.size > 0 ? { kind: "other-method", allowed: [...allowed] } : { kind: "none" };
  }
}

function paramsOf(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? "";
    if (expected.startsWith("{")) params[expected.slice(1, -1)] = decoded(segment);
    else if (expected !== segment) return undefined;
  }
  return params;
}

/** Text that is no percent encoding is left as it is, for the parameter's schema to refuse. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}
