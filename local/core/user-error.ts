/**
 * Something a developer can put right: shown as its message and the next step, without a stack, and the command
 * exits with 1.
 * @example throw new UserError("Port 8787 is taken.", "Choose another with --port, or let the system choose: --port 0");
 */
export class UserError extends Error {
  override name = "UserError";

  /**
   * @param message what is wrong, in a sentence
   * @param next what to do about it
   */
  constructor(
    message: string,
    readonly next?: string,
  ) {
    super(message);
  }
}

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
