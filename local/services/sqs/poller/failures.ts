/**
 * The failed messages of a batch, by the function's response with `ReportBatchItemFailures`.
 * @param ids the ids of the batch's messages
 * @returns `all`: the response is invalid, so that the whole batch has failed
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export const failedItems = (answer: unknown, ids: ReadonlySet<string>): Set<string> | "all" => {
  if (answer === null || answer === undefined) return new Set();
  if (typeof answer !== "object" || Array.isArray(answer)) return "all";
  const { batchItemFailures: items } = answer as { batchItemFailures?: unknown };
  if (items === null || items === undefined) return new Set();
  if (!Array.isArray(items)) return "all";
  const failed = items.map((each: unknown) => (each as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  const areKnown = failed.every((id): id is string => typeof id === "string" && ids.has(id));
  return areKnown ? new Set(failed) : "all";
};
