import type { Json } from "../../protocol/json.js";

/** Types that JSON cannot carry unchanged. */
type Unsendable =
  bigint | symbol | ((...args: never[]) => unknown) | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;

/** `undefined` is allowed only as the value of a property, which JSON then leaves out. */
type SendableField<T> = T extends undefined ? T : Sendable<T>;

/**
 * `T` if JSON can carry it. Parts of `T` that JSON cannot carry become `never`. Interfaces and objects with a `toJSON`
 * method are fine.
 * @example type Story = Sendable<{ title: string; at: Date }> // the same: `at` arrives as a string
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
 * The type that arrives when a `T` was sent: a `Date` has become a string, and properties that JSON leaves out are
 * gone.
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
 * Finds the first place where JSON would silently change `value`, and explains it. `undefined` if there is none. For
 * development builds, because it reads the whole value.
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
