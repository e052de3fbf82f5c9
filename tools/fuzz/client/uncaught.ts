/** Runs something; gives what was thrown meanwhile and nobody caught, and what was rejected and nobody handled. */
export const collectUncaught = async (run: () => Promise<void>): Promise<string[]> => {
  const errors: string[] = [];
  const note = (error: unknown): void => {
    errors.push(error instanceof Error ? (error.stack ?? String(error)) : String(error));
  };
  const added = listening === 0;
  listening += 1;
  if (added) {
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  }
  try {
    await run();
  } finally {
    listening -= 1;
    if (added) {
      process.off("uncaughtException", note);
      process.off("unhandledRejection", note);
    }
  }
  return errors;
};
let listening = 0;
