import type { Level } from "@pi-controller/schema";

/** What is the matter at the far ends of a simulated header's wires, all of it. */
export interface PinScene {
  readonly levels: ReadonlyMap<number, Level>;
  /** Pairs of lines, the smaller first, as `17 27`. */
  readonly wires: ReadonlySet<string>;
  /** In Hz. */
  readonly squares: ReadonlyMap<number, number>;
  /** In ms. */
  readonly bounces: ReadonlyMap<number, number>;
  readonly stuck: ReadonlyMap<number, Level>;
  readonly failingWrites: ReadonlySet<number>;
  readonly losingEdges: ReadonlySet<number>;
  readonly taken: ReadonlySet<number>;
}

export const calmScene: PinScene = emptyScene();

const MAX_UNKNOWN = 5;
const MAX_UNKNOWN_LENGTH = 60;
/** Faster than an event loop follows. */
const MAX_SQUARE_HZ = 5_000;
const MAX_BOUNCE_MS = 1_000;

export const pinSceneForms = [
  ...["GPIO17 high", "GPIO17 low", "GPIO17 float", "wire GPIO17 GPIO27", "square GPIO17 125Hz"],
  ...["bounce GPIO17 5ms", "stuck GPIO5 high", "fail write GPIO5", "lose edges GPIO17", "take GPIO5"],
] as const;

/**
 * Reads a scene: a line each, as in `pinSceneForms`; upper case does not matter, `#` begins a remark. Of two lines that
 * say different things of one pin the later one counts.
 *
 * @param lines how many lines the header has
 * @returns the scene, and the first lines of text that say nothing, in short
 */
export function parsePinScene(
  text: string,
  lines: number,
): { readonly scene: PinScene; readonly unknown: readonly string[] } {
  const scene = emptyScene();
  const unknown: string[] = [];
  for (const line of text.split("\n")) {
    const said = line.replace(/#.*/, "").trim();
    const words = said.toLowerCase().split(/\s+/).join(" ");
    if (
      words !== "" &&
      !forms.some(([form, put]) => takes(words, form, lines, (match) => put(scene, match)))
    ) {
      unknown.push(said.slice(0, MAX_UNKNOWN_LENGTH));
    }
  }
  return { scene, unknown: unknown.slice(0, MAX_UNKNOWN) };
}

function emptyScene() {
  return {
    levels: new Map<number, Level>(),
    wires: new Set<string>(),
    squares: new Map<number, number>(),
    bounces: new Map<number, number>(),
    stuck: new Map<number, Level>(),
    failingWrites: new Set<number>(),
    losingEdges: new Set<number>(),
    taken: new Set<number>(),
  };
}
type Mutable = ReturnType<typeof emptyScene>;

interface Match {
  readonly line: number;
  /** Of a wire. */
  readonly other: number;
  readonly level: Level;
  readonly amount: number;
}

const forms: readonly (readonly [RegExp, (scene: Mutable, match: Match) => boolean])[] = [
  [/^gpio(?<line>\d+) (?<level>low|high)$/, ({ levels }, { line, level }) => put(levels, line, level)],
  [/^gpio(?<line>\d+) float$/, ({ levels }, { line }) => levels.delete(line) || true],
  [
    /^wire gpio(?<line>\d+) gpio(?<other>\d+)$/,
    ({ wires }, { line, other }) =>
      line !== other && add(wires, `${Math.min(line, other)} ${Math.max(line, other)}`),
  ],
  [
    /^square gpio(?<line>\d+) (?<amount>[\d.]+) ?hz$/,
    ({ squares }, { line, amount }) => amount > 0 && amount <= MAX_SQUARE_HZ && put(squares, line, amount),
  ],
  [
    /^bounce gpio(?<line>\d+) (?<amount>[\d.]+) ?ms$/,
    ({ bounces }, { line, amount }) => amount > 0 && amount <= MAX_BOUNCE_MS && put(bounces, line, amount),
  ],
  [/^stuck gpio(?<line>\d+) (?<level>low|high)$/, ({ stuck }, { line, level }) => put(stuck, line, level)],
  [/^fail writes? gpio(?<line>\d+)$/, ({ failingWrites }, { line }) => add(failingWrites, line)],
  [/^lose edges? gpio(?<line>\d+)$/, ({ losingEdges }, { line }) => add(losingEdges, line)],
  [/^take gpio(?<line>\d+)$/, ({ taken }, { line }) => add(taken, line)],
];

function put<Value>(into: Map<number, Value>, line: number, value: Value): true {
  into.set(line, value);
  return true;
}

function add<Member>(into: Set<Member>, member: Member): true {
  into.add(member);
  return true;
}

function takes(words: string, form: RegExp, lines: number, use: (match: Match) => boolean): boolean {
  const groups = form.exec(words)?.groups;
  if (groups === undefined) return false;
  const line = Number(groups["line"]);
  const other = Number(groups["other"] ?? line);
  if (line >= lines || other >= lines) return false;
  return use({
    line,
    other,
    level: groups["level"] === "high" ? "high" : "low",
    amount: Number(groups["amount"]),
  });
}
