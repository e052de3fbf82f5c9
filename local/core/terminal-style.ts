/** Marks up text for a terminal. Without colours it leaves the text unchanged. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** Codes of ANSI X3.64 that switch each on and off. */
const CODES: Record<keyof Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/**
 * The style for a stream: colours on a terminal, unless `NO_COLOR` is set (https://no-color.org).
 */
export const styleFor = (stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Style => {
  const colours = Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== "dumb";
  const paint =
    ([on, off]: [number, number]) =>
    (text: string) =>
      colours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: paint(CODES.bold),
    dim: paint(CODES.dim),
    red: paint(CODES.red),
    green: paint(CODES.green),
    yellow: paint(CODES.yellow),
    cyan: paint(CODES.cyan),
  };
};
