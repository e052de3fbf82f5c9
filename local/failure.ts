/**
 * Something a developer can put right: shown as its message and the next step, without a stack, and the command
 * exits with 1.
 * @example throw new Failure("Port 8787 is taken.", "Choose another with --port, or let the system choose: --port 0");
 */
export class Failure extends Error {
  override name = "Failure";

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
