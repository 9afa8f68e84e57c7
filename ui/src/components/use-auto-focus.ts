import { useEffect, useRef } from "preact/hooks";

/**
 * Puts the focus on an element when it is shown. The attribute alone does so in a dialog that opens, but not on a
 * page that takes the place of another one.
 */
export function useAutoFocus<Focused extends HTMLElement>(wanted: boolean) {
  const element = useRef<Focused>(null);
  useEffect(() => {
    if (wanted) element.current?.focus({ preventScroll: true });
  }, []);
  return element;
}
