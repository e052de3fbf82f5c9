/** A mistake that the user can fix. The command prints its message, and then the next step. */
export class UserError extends Error {
  /**
   * @param message the mistake, with the value
   * @param next what to do
   */
  constructor(
    message: string,
    readonly next: string,
  ) {
    super(message);
    this.name = "UserError";
  }
}
