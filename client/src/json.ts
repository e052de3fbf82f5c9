import type { Json } from "../../protocol/json.js";

/** What JSON cannot carry, or not as it is. */
type Unsendable =
  bigint | symbol | ((...args: never[]) => unknown) | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;

/** `undefined` may be the value of a property, which JSON then leaves out, and nothing else. */
type SendableField<T> = T extends undefined ? T : Sendable<T>;

/**
 * `T` if JSON can carry it, `never` in each place if not. Interfaces are fine, and so is what has a `toJSON` method.
 * @example type Story = Sendable<{ title: string; at: Date }> // the same: `at` arrives as text
 */
export type Sendable<T> = unknown extends T
  ? T
  : [T] extends [Json]
    ? T
    : T extends string | number | boolean | null
      ? T
      : T extends Unsendable | undefined
        ? never
        : T extends { toJSON(): unknown }
          ? T
          : T extends object
            ? { [Key in keyof T]: SendableField<T[Key]> }
            : never;

/**
 * What arrives of a `T` that was sent: a `Date` has become text, and properties that JSON leaves out are gone.
 * @example type Arrived = Received<{ title: string; at: Date }> // { title: string; at: string }
 */
export type Received<T> = unknown extends T
  ? T
  : [T] extends [Json]
    ? T
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends { toJSON(): infer Json }
        ? Received<Json>
        : T extends object
          ? { [Key in keyof T]: Received<T[Key]> }
          : never;

/**
 * Where JSON would change `value` without a word, and how; `undefined` if nowhere. For development builds: it reads all
 * of the value.
 */
export const findLoss = (value: unknown, path = "data"): string | undefined => {
  if (typeof value === "number" && !Number.isFinite(value)) return `${path} is ${value}: JSON would make it null.`;
  if (typeof value === "function" || typeof value === "symbol")
    return `${path} is a ${typeof value}: JSON would leave it out.`;
  if (typeof value !== "object" || value === null || "toJSON" in value) return undefined;
  if (value instanceof Map || value instanceof Set)
    return `${path} is a ${value instanceof Map ? "Map" : "Set"}: JSON would make it {}. Send [...value] instead.`;
  for (const [key, field] of Object.entries(value)) {
    const loss = findLoss(field, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
    if (loss) return loss;
  }
  return undefined;
};
