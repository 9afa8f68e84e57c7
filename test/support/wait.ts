/** Polls until `condition` gives something other than undefined or false. */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: { readonly withinMs: number; readonly everyMs?: number },
): Promise<Exclude<T, undefined | false | null>> {
  const deadlineMs = performance.now() + options.withinMs;
  let lastError: unknown;
  for (;;) {
    try {
      const result = await condition();
      if (result !== undefined && result !== false && result !== null) {
        return result as Exclude<T, undefined | false | null>;
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`Not within ${options.withinMs} ms: ${what}`, { cause: lastError });
    }
    await new Promise((wake) => setTimeout(wake, options.everyMs ?? 50));
  }
}
