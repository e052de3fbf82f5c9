/** The port of each part of a run, as an offset from `--port`, so that a part has the same port in every run. */
export const PORT_OFFSETS = { gateway: 0, lambda: 1, sqs: 2, dynamodb: 3, services: 4 } as const;

/** The port of the first function URL, as an offset from `--port`. The other function URLs follow it. */
export const FIRST_URL_OFFSET = 10;
