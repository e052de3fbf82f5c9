/**
 * Something a developer can put right: shown as its message and the next step, without a stack, and the command
 * exits with 1.
 * @example throw new UserError("Port 8787 is taken.", "Choose another with --port, or let the system choose: --port 0");
 */
export class UserError extends Error {
  override name = "UserError";

  /**
   * @param message the problem, in a sentence
   * @param next what the user can do about it
   */
  constructor(
    message: string,
    readonly next?: string,
  ) {
    super(message);
  }
}

/** The message of an error, or of any other thrown value. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
