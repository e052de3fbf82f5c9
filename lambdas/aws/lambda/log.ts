import type { Log } from "../../ports.js";

/** Writes to Lambda's JSON log. The platform adds time, level and request id, and drops lines below the log level. */
export const lambdaLog: Log = {
  debug: (event, fields) => console.debug({ event, ...fields }),
  info: (event, fields) => console.info({ event, ...fields }),
  warn: (event, fields) => console.warn({ event, ...fields }),
  error: (event, fields) => console.error({ event, ...fields }),
};
