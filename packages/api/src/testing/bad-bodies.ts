import { Ajv2020 } from "ajv/dist/2020.js";
import * as z from "zod";

/** A body with one thing wrong in it. */
export interface BadBody {
  /** As the error may name it: the field, or the value of several forms that it is in. */
  readonly fields: readonly string[];
  readonly body: unknown;
}

type Json = { readonly [key: string]: unknown };

interface Place {
  readonly path: readonly (string | number)[];
  /** Where a union of forms begins: of what is wrong in it the union itself is named, unless its form is clear. */
  readonly union: readonly (string | number)[] | undefined;
}

interface Wrong {
  readonly place: Place;
  /** Undefined: the field is left out. */
  readonly value: unknown;
}

const ajv = new Ajv2020({ strict: false });

/**
 * Every way in which one field of a body can be wrong, by the body's schema: left out, unknown, of another type, out
 * of range, too long, too short, no member of its enumeration, not of its pattern.
 *
 * @param proper a body that is right, with every field that the schema has for its form
 */
export function badBodies(schema: z.ZodType, proper: unknown): readonly BadBody[] {
  const json = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" }) as Json;
  const top: Place = { path: [], union: undefined };
  const wrongs = [...wrongWays(json, proper, top)].filter(({ place }) => place.path.length > 0);
  return wrongs.map(({ place, value }) => ({
    fields: [...new Set([fieldOf(place.path), fieldOf(place.union ?? place.path)])],
    body: replaced(proper, place.path, value),
  }));
}

function* wrongWays(schema: Json, proper: unknown, place: Place): Generator<Wrong> {
  const forms = (schema["anyOf"] ?? schema["oneOf"]) as readonly Json[] | undefined;
  if (forms !== undefined) {
    yield* wrongForms(forms, proper, place);
    return;
  }
  for (const value of wrongTypes(schema)) yield { place, value };
  for (const value of wrongValues(schema)) yield { place, value };
  if (Array.isArray(proper)) yield* wrongItems(schema, proper, place);
  else if (typeof proper === "object" && proper !== null) {
    yield* wrongProperties(schema, proper as Json, place);
  }
}

function* wrongForms(forms: readonly Json[], proper: unknown, place: Place): Generator<Wrong> {
  const own = forms.find((form) => ajv.validate(form, proper));
  if (own === undefined) throw new Error(`The sample at ${fieldOf(place.path)} is of no form of the schema`);
  const others = forms.filter(({ type }) => type !== "null");
  const isTagged = others.every((form) => tagsOf(form).length > 0);
  const inside = others.length === 1 || isTagged ? place : { ...place, union: place.union ?? place.path };
  const wrongs = [...wrongWays(own, proper, inside)];
  // What is wrong for one form may be right for another one.
  yield* wrongs.filter(
    ({ place: at, value }) =>
      value === undefined ||
      at.path.length > place.path.length ||
      !forms.some((form) => ajv.validate(form, value)),
  );
}

/** Names of the properties that say which form it is. */
function tagsOf({ properties = {} }: Json): readonly string[] {
  return Object.entries(properties as Json).flatMap(([name, property]) =>
    ["const", "enum"].some((key) => key in (property as Json)) && ["kind", "op"].includes(name) ? [name] : [],
  );
}

function wrongTypes({ type, const: fixed, enum: names }: Json): readonly unknown[] {
  const values: readonly [string, unknown][] = [
    ["null", null],
    ["boolean", true],
    ["number", 1],
    ["string", "nonsense"],
    ["array", []],
    ["object", {}],
  ];
  const own = type === "integer" ? "number" : (type ?? typeof (fixed ?? (names as unknown[])[0]));
  return values.filter(([name]) => name !== own).map(([, value]) => value);
}

function wrongValues(schema: Json): readonly unknown[] {
  const number = (name: string) => (typeof schema[name] === "number" ? [schema[name]] : []);
  const isSafe = (value: number) => Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return [
    ...("enum" in schema || "const" in schema ? [schema["type"] === "number" ? 77 : "nonsense"] : []),
    ...number("minimum").map((least) => least - 1),
    ...number("maximum").map((most) => most + 1),
    ...(schema["type"] === "integer"
      ? number("maximum")
          .filter(isSafe)
          .map((most) => most - 0.5)
      : []),
    ...number("maxLength").map((most) => "a".repeat(most + 1)),
    ...("pattern" in schema ? ["", "\u0000", "a b", "x".repeat(300)] : []),
  ];
}

function* wrongItems(schema: Json, proper: readonly unknown[], place: Place): Generator<Wrong> {
  const { minItems, maxItems, items } = schema as {
    minItems?: number;
    maxItems?: number;
    items: Json;
  };
  if (minItems !== undefined && minItems > 0) yield { place, value: proper.slice(0, minItems - 1) };
  if (maxItems !== undefined) yield { place, value: Array.from({ length: maxItems + 1 }, () => proper[0]) };
  for (const [index, item] of proper.entries()) {
    yield* wrongWays(items, item, { ...place, path: [...place.path, index] });
  }
}

function* wrongProperties(schema: Json, proper: Json, place: Place): Generator<Wrong> {
  const { properties = {}, required = [] } = schema as {
    properties?: Readonly<Record<string, Json>>;
    required?: readonly string[];
  };
  yield { place: { ...place, path: [...place.path, "extra"] }, value: 1 };
  for (const [name, property] of Object.entries(properties)) {
    const at = { ...place, path: [...place.path, name] };
    if (!(name in proper)) throw new Error(`The sample has no ${fieldOf(at.path)}`);
    if (required.includes(name)) yield { place: at, value: undefined };
    yield* wrongWays(property, proper[name], at);
  }
}

function replaced(whole: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(whole)) {
    return whole.map((item: unknown, index) => (index === key ? replaced(item, rest, value) : item));
  }
  const { [key]: old, ...others } = whole as Json;
  const next = replaced(old, rest, value);
  return next === undefined ? others : { ...others, [key]: next };
}

function fieldOf(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}
