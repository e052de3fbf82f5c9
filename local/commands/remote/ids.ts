import { newId } from "../../../protocol/index.js";

/** A new id, as the protocol wants them. */
export const freshId = (): string => newId((bytes) => crypto.getRandomValues(bytes));
