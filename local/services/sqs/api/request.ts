import { Errors } from "../errors.js";
import { MAX_BATCH_ENTRIES } from "../limits.js";

/** The members of a request, or of an entry of its batch, with the types that the protocol gives them. */
export class SqsRequest {
  constructor(private readonly members: Record<string, unknown>) {}

  /** Text; `undefined`: it is left out. */
  optionalText(name: string): string | undefined {
    const value = this.members[name] ?? undefined;
    if (value !== undefined && typeof value !== "string") throw Errors.serialization(name);
    return value;
  }

  /** Text that must be there. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (!value) throw Errors.missing(name);
    return value;
  }

  /** An integer from `min` to `max`; `undefined`: it is left out. */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.members[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value)) throw Errors.serialization(name);
    if (value < min || value > max)
      throw Errors.invalid(name, value, `Must be between ${min} and ${max}, if provided.`);
    return value;
  }

  /** A list of texts; empty: it is left out. */
  texts(name: string): string[] {
    const value = this.members[name] ?? [];
    if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) throw Errors.serialization(name);
    return value;
  }

  /** An object; empty: it is left out. */
  object(name: string): Record<string, unknown> {
    const value = this.members[name] ?? {};
    if (!isObject(value)) throw Errors.serialization(name);
    return value;
  }

  /** The members of each message that the request sends: its own, or those of its batch's entries. */
  sent(): Record<string, unknown>[] {
    const { Entries: entries, MessageBody: body } = this.members;
    if (body !== undefined) return [this.members];
    return Array.isArray(entries) ? entries.filter(isObject) : [];
  }

  /**
   * The entries of a batch, each with its id.
   * @param what SQS's name for such an entry
   */
  entries(what: string): { id: string; entry: SqsRequest }[] {
    const value = this.members["Entries"] ?? [];
    if (!Array.isArray(value) || !value.every(isObject)) throw Errors.serialization("Entries");
    if (value.length === 0) throw Errors.noEntries(what);
    if (value.length > MAX_BATCH_ENTRIES) throw Errors.manyEntries(value.length);
    const entries = value
      .map((each) => new SqsRequest(each))
      .map((entry) => ({ id: entry.optionalText("Id") ?? "", entry }));
    const ids = new Set<string>();
    for (const { id } of entries) {
      if (!ENTRY_ID.test(id)) throw Errors.entryId();
      if (ids.has(id)) throw Errors.sameIds(id);
      ids.add(id);
    }
    return entries;
  }
}

const ENTRY_ID = /^[\w-]{1,80}$/;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
