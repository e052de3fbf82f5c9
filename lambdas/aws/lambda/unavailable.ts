import { DEFAULT_MESSAGES } from "../../../protocol/code-messages.js";

/** The error for the caller of a failed function; details are in the log. */
export class Unavailable extends Error {
  override name = "Unavailable";

  constructor() {
    super(DEFAULT_MESSAGES.unavailable);
    // Lambda sends the stack to the caller, so it has no details.
    this.stack = `${this.name}: ${this.message}`;
  }
}
