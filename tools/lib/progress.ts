/** Width of the progress bar, in characters. */
const BAR_WIDTH = 30;

/** Number of lines that report progress if there is no terminal. */
const LINES = 10;

/**
 * Creates a function that reports how many of `total` runs are done: as a bar on a terminal, else as a line for each
 * tenth.
 */
export const createProgress = (
  stream: { isTTY?: boolean; write(text: string): unknown },
  total: number,
): ((runs: number) => void) => {
  let reported = 0;
  return (runs) => {
    const share = Math.min(1, runs / total);
    if (stream.isTTY) {
      const full = Math.round(share * BAR_WIDTH);
      stream.write(`\r${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${runs}/${total}${share === 1 ? "\n" : ""}`);
    } else if (Math.floor(share * LINES) > reported) {
      reported = Math.floor(share * LINES);
      stream.write(`${runs} of ${total} runs\n`);
    }
  };
};
