/** A guard's error, for the log. */
export interface ErrorReport {
  /** The error's type, and the stack without the message. */
  detail: string;
  /** The full error. It may contain anything, credentials and messages too, and is for the debug log only. */
  said: string;
}

/** A type's name. Longer or other text may reveal a part of the message. */
const TYPE = /^[\w.:$-]{1,80}$/;

/** Error codes of systems and of Node: `ECONNREFUSED`, `ERR_WORKER_OUT_OF_MEMORY`. */
const CODE = /^E[A-Z0-9_]{1,60}$/;

const FRAME = /^ {4}at .*(:\d+:\d+|<anonymous>|native|index \d+)\)?$/;

/** The lines of the stack with places in code. The message before them may have lines that look the same. */
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

/** Errors of other realms, and errors from another thread, count as errors too. */
const isError = (thrown: unknown): thrown is Error => {
  if (thrown instanceof Error) return true;
  const { stack, message } = (thrown ?? {}) as Partial<Error>;
  return typeof stack === "string" && typeof message === "string";
};

const whole = (error: unknown): string => (isError(error) ? (error.stack ?? error.message) : String(error));

/**
 * The log's report of a guard's error. The message is separate, because errors quote their input: an error of
 * `JSON.parse` contains the text, which may have been a token.
 */
export const errorReport = (error: unknown): ErrorReport => {
  if (isError(error)) return { detail: [kindOf(error), ...framesOf(error)].join("\n"), said: whole(error) };
  const type = error === null ? "null" : typeof error;
  return { detail: `it threw a value of type ${type} instead of an error`, said: whole(error) };
};

/** The full report of an error while a module was loaded: it cannot contain client data yet. */
export const loadErrorReport = (error: unknown): Pick<ErrorReport, "detail"> => ({ detail: whole(error) });
