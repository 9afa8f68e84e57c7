const TOKEN =
  /[\t\n\r ]*(?:([{}[\],:])|("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")|(true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![0-9A-Za-z.+-])))/y;
const BLANK = /[\t\n\r ]*/y;

type Expected = "value" | "first value" | "key" | "first key" | "colon" | "comma";

/**
 * Where JSON text that `JSON.parse` refused goes wrong: V8's own message names no position in short texts.
 *
 * @returns offset of the first character that cannot be right; the length of the text when it ends too early
 */
export function jsonErrorOffset(text: string): number {
  const open: ("{" | "[")[] = [];
  let expected: Expected | "end" = "value";
  let offset = 0;
  for (;;) {
    BLANK.lastIndex = offset;
    offset += BLANK.exec(text)?.[0].length ?? 0;
    TOKEN.lastIndex = offset;
    const match = TOKEN.exec(text);
    if (match === null || expected === "end") return offset;
    const [whole, mark, string] = match;
    const next = advance(expected, mark ?? (string === undefined ? "literal" : "string"), open);
    if (next === undefined) return offset;
    expected = next;
    offset += whole.length;
  }
}

/** Pure but for `open`, the stack of what is open. Undefined when the token cannot stand here. */
function advance(expected: Expected, token: string, open: ("{" | "[")[]): Expected | "end" | undefined {
  const afterValue = () => (open.length === 0 ? "end" : "comma");
  const inside = open.at(-1);
  switch (expected) {
    case "value":
    case "first value":
      if (token === "{" || token === "[") {
        open.push(token);
        return token === "{" ? "first key" : "first value";
      }
      if (token === "string" || token === "literal") return afterValue();
      if (token !== "]" || expected === "value") return undefined;
      open.pop();
      return afterValue();
    case "key":
    case "first key":
      if (token === "string") return "colon";
      if (token !== "}" || expected === "key") return undefined;
      open.pop();
      return afterValue();
    case "colon":
      return token === ":" ? "value" : undefined;
    case "comma":
      if (token === ",") return inside === "{" ? "key" : "value";
      if (token !== (inside === "{" ? "}" : "]")) return undefined;
      open.pop();
      return afterValue();
    default:
      return undefined;
  }
}
