// A process that takes walks: batches come by messages of its parent, and outcomes go back.
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
