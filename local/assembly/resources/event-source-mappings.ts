import type { FunctionModel } from "../model/functions.js";
import type { MappingModel, QueueModel } from "../model/queues.js";
import { BATCH_SIZE, CONCURRENCY, MAX_WINDOW_SECONDS } from "../../services/sqs/poller/limits.js";
import { type Properties, Refused, type ResourceReader } from "./reader.js";

/** The event source mappings of the stack that read its queues. */
export const readMappings = (
  reader: ResourceReader,
  functions: FunctionModel[],
  queues: QueueModel[],
): MappingModel[] => {
  const byName = new Map(functions.map((each) => [each.name, each]));
  return reader.each(["AWS::Lambda::EventSourceMapping"], (logicalId, properties) => {
    if (String(properties.get("Enabled")) === "false") throw new Refused("it is disabled", "inert");
    const source = properties.get("EventSourceArn");
    const queue = queues.find(({ arn }) => arn === source);
    if (!queue)
      throw new Refused(`it reads ${String(source)}, and only queues of the template that are served are read here`);
    const name = properties.text("FunctionName").replace(/^(?:.*:)?function:/, "");
    const fn = byName.get(name);
    if (!fn) throw new Refused(`its function ${name} is not run here`);
    for (const each of NOT_KNOWN)
      if (properties.get(each) !== undefined) throw new Refused(`its ${each} is not known here`);
    if (fn.timeoutSeconds > queue.visibilitySeconds) {
      throw new Refused(
        `Queue visibility timeout: ${queue.visibilitySeconds} seconds is less than Function timeout: ${fn.timeoutSeconds} seconds`,
      );
    }
    return {
      logicalId,
      functionId: fn.logicalId,
      queueArn: queue.arn,
      ...batchingOf(properties),
      reportsFailures: [properties.get("FunctionResponseTypes") ?? []].flat().includes("ReportBatchItemFailures"),
      ...concurrencyOf(properties),
    };
  });
};

/** Properties that change which messages a function receives, or how. */
const NOT_KNOWN = ["FilterCriteria", "ProvisionedPollerConfig"];

const batchingOf = (properties: Properties): Pick<MappingModel, "batchSize" | "windowSeconds"> => {
  const batchSize = properties.number("BatchSize") ?? BATCH_SIZE.default;
  const windowSeconds = properties.number("MaximumBatchingWindowInSeconds") ?? 0;
  bounded("BatchSize", batchSize, 1, BATCH_SIZE.max);
  bounded("MaximumBatchingWindowInSeconds", windowSeconds, 0, MAX_WINDOW_SECONDS);
  if (batchSize > BATCH_SIZE.maxWithoutWindow && windowSeconds === 0) {
    throw new Refused("a BatchSize of more than 10 takes a MaximumBatchingWindowInSeconds of at least 1");
  }
  return { batchSize, windowSeconds };
};

const concurrencyOf = (properties: Properties): Pick<MappingModel, "maxConcurrency"> => {
  const { MaximumConcurrency: most } = properties.object("ScalingConfig");
  if (most === undefined) return {};
  bounded("MaximumConcurrency", Number(most), CONCURRENCY.min, CONCURRENCY.max);
  return { maxConcurrency: Number(most) };
};

const bounded = (name: string, value: number, least: number, most: number): void => {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Refused(`its ${name} must be between ${least} and ${most}`);
  }
};
