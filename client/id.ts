import { newId } from "../protocol/id.js";

/** A new id for a frame or a message. */
export const freshId = (): string => newId((bytes) => crypto.getRandomValues(bytes));
