/**
 * The part of a [Standard Schema](https://standardschema.dev) that Push-It uses: zod, valibot, arktype and others
 * implement it.
 */
export interface StandardSchema<Input = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
    readonly types?: { readonly input: Input; readonly output: unknown } | undefined;
  };
}

/** The result of a schema: `issues` says what is wrong. */
export interface SchemaResult {
  readonly issues?: readonly SchemaIssue[] | undefined;
}

/** One fault of a value. */
export interface SchemaIssue {
  readonly message: string;
  /** The keys that lead to the faulty part. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The first fault of a value, with its place; `undefined` if it fits. A schema that throws, or that validates
 * asynchronously, lets nothing pass.
 * @param subject the value's name, such as `data`
 */
export const schemaFault = (schema: StandardSchema, value: unknown, subject: string): string | undefined => {
  let result: SchemaResult | Promise<SchemaResult>;
  try {
    result = schema["~standard"].validate(value);
  } catch (error) {
    return `${subject} cannot be checked: ${String(error)}`;
  }
  if ("then" in result) {
    // Its result comes too late.
    result.catch(() => {});
    return `${subject} cannot be checked: its schema validates asynchronously. Use a synchronous schema.`;
  }
  const issue = result.issues?.[0];
  return issue && `${placeOf(subject, issue)}: ${issue.message}`;
};

/** The place of a fault, such as `data.lines[2].text`. */
const placeOf = (subject: string, { path = [] }: SchemaIssue): string =>
  // Some libraries have a class of their own for paths, whose `map` returns something else.
  Array.from(path, (part) => (typeof part === "object" ? part.key : part)).reduce<string>(
    (place, key) => place + (typeof key === "number" ? `[${key}]` : `.${String(key)}`),
    subject,
  );
