// A process that runs walks. Its parent sends batches, and gets the results.
import { check, type Batch } from "./check.js";

process.on("message", (batch: Batch) => {
  check(batch).then(
    (outcome) => process.send!(outcome),
    (error: unknown) => {
      process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
      process.exit(2);
    },
  );
});
