import { DEFAULT_MESSAGES } from "../../requests/replies.js";

/** What whoever invoked a function is told of its failing; the detail is in the log. */
export class Unavailable extends Error {
  override name = "Unavailable";

  constructor() {
    super(DEFAULT_MESSAGES.unavailable);
    // Lambda sends it along, and it is nobody's business.
    this.stack = `${this.name}: ${this.message}`;
  }
}
