/** What a guard threw, for the log. */
export interface ErrorReport {
  /** What kind of error it is, and where it was thrown: nothing of what it says. */
  detail: string;
  /** All of it. It may hold anything, credentials and messages too, and is for the debug log only. */
  said: string;
}

/** A type's name; anything longer or stranger than that may say something. */
const TYPE = /^[\w.:$-]{1,80}$/;

/** What systems and Node call their errors: `ECONNREFUSED`, `ERR_WORKER_OUT_OF_MEMORY`. */
const CODE = /^E[A-Z0-9_]{1,60}$/;

const FRAME = /^ {4}at .*(:\d+:\d+|<anonymous>|native|index \d+)\)?$/;

/** The lines of the stack that say where. The message before them may have lines of its own that look like these. */
const framesOf = ({ stack, message }: Error): string[] => {
  const text = String(stack);
  const at = text.indexOf(message);
  return (at < 0 ? text : text.slice(at + message.length)).split("\n").filter((line) => FRAME.test(line));
};

const kindOf = (error: Error): string => {
  const { name, code } = error as NodeJS.ErrnoException;
  const type = TYPE.test(String(name)) ? name : "Error";
  return typeof code === "string" && CODE.test(code) ? `${type} [${code}]` : type;
};

/** Errors of other realms, and those that have come from another thread, are errors, too. */
const isError = (thrown: unknown): thrown is Error => {
  if (thrown instanceof Error) return true;
  const { stack, message } = (thrown ?? {}) as Partial<Error>;
  return typeof stack === "string" && typeof message === "string";
};

const whole = (error: unknown): string => (isError(error) ? (error.stack ?? error.message) : String(error));

/**
 * What the log says of what a guard threw. Messages are kept apart, because errors quote what they are about: what
 * `JSON.parse` throws holds the text, which may have been a token.
 */
export const errorReport = (error: unknown): ErrorReport => {
  if (isError(error)) return { detail: [kindOf(error), ...framesOf(error)].join("\n"), said: whole(error) };
  const type = error === null ? "null" : typeof error;
  return { detail: `it threw no error, but something of type ${type}`, said: whole(error) };
};

/** The same of what was thrown when nothing of a client's was there yet, while a module was loaded: all of it. */
export const loadErrorReport = (error: unknown): Pick<ErrorReport, "detail"> => ({ detail: whole(error) });
