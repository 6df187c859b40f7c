// Checks of arguments, made before any native call: Bun and koffi turn a wrong one into 0 without an error.
import { nearestName } from "./nearest.ts";

/** A short description of a value for an error message. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.constructor.name;
  if (value instanceof Promise) return "a Promise, which must be awaited";
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** The name of a typed array with its article, for an error message. */
export function withArticle(name: string): string {
  return `${name.startsWith("I") ? "an" : "a"} ${name}`;
}

/** `value`, or `fallback` if it is undefined. */
export function orElse<T>(value: T | undefined, fallback: T): T {
  return value === undefined ? fallback : value;
}

/** A finite number from `min` to `max`. */
export function requireNumber(name: string, value: unknown, min: number = -Infinity, max: number = Infinity): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, not ${show(value)}`);
  if (!(value >= min && value <= max) || !Number.isFinite(value)) {
    throw new RangeError(`${name} must be ${range(min, max)}, not ${value}`);
  }
  return value;
}

/** The largest number of frames, bytes or anything else that the native side counts. */
const MOST = 9e15;

/** An integer from `min` to `max`. */
export function requireInteger(name: string, value: unknown, min: number = -MOST, max: number = MOST): number {
  if (typeof value !== "number") throw new TypeError(`${name} must be an integer, not ${show(value)}`);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be an integer${bounds(value, min, max)}, not ${value}`);
  }
  return value;
}

/** A string. */
export function requireString(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, not ${show(value)}`);
  return value;
}

/** An array of at most `max` entries. */
export function requireArray<T>(name: string, value: readonly T[], max: number = MOST): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array, not ${show(value)}`);
  if (value.length > max) throw new RangeError(`${name} must have at most ${max} entries, not ${value.length}`);
  return value;
}

/** A boolean. */
export function requireBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${show(value)}`);
  return value;
}

/** One of the allowed words. */
export function requireOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  const list = allowed.map((word) => JSON.stringify(word)).join(", ");
  throw new (typeof value === "string" ? RangeError : TypeError)(`${name} must be one of ${list}, not ${show(value)}`);
}

/** The names of all options of `T`. An option that is missing here is a type error. */
export type OptionNames<T extends object> = Readonly<Record<keyof T & string, true>>;

/** An object that is not an array. */
export function requireObject<T extends object>(name: string, value: T): T {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new TypeError(`${name} must be an object, not ${show(value)}`);
}

/** An object of options; undefined means no options. An option that is not in `known` is a TypeError. */
export function requireOptions<T extends object>(
  name: string,
  value: T | undefined,
  known: Readonly<Record<string, true>>,
): T {
  if (value === undefined) return {} as T;
  for (const option of Object.keys(requireObject(name, value))) requireKnown(name, option, known);
  return value;
}

/** Throws a TypeError for the name of an option that is not in `known`. */
export function requireKnown(name: string, option: string, known: Readonly<Record<string, true>>): void {
  if (Object.hasOwn(known, option)) return;
  const names = Object.keys(known);
  const nearest = nearestName(option, names);
  const help = nearest === undefined ? `the options are ${names.join(", ")}` : `did you mean ${nearest}?`;
  throw new TypeError(`${name}: there is no option ${show(option)}; ${help}`);
}

/** The options that are named in `known`: also those that an object inherits, which destructuring takes, too. */
export function pickOptions<T extends object>(options: object, known: OptionNames<T>): T {
  const names = Object.keys(known).filter((name) => name in options);
  return Object.fromEntries(names.map((name) => [name, (options as Record<string, unknown>)[name]])) as T;
}

function range(min: number, max: number): string {
  if (min > -Infinity && max < Infinity) return `${min} to ${max}`;
  return min > -Infinity ? `at least ${min}` : max < Infinity ? `at most ${max}` : "finite";
}

function bounds(value: number, min: number, max: number): string {
  const least = min > -MOST || value < min;
  const most = max < MOST || value > max;
  if (least && most) return ` from ${min} to ${max}`;
  return least ? ` of at least ${min}` : most ? ` of at most ${max}` : "";
}
