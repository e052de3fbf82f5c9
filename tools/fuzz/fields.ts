/** An object of JSON, its fields unproven. */
export type Fields = Record<string, unknown>;

/** Whether a value is an object of JSON. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields of a value: none, where it is no object. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
