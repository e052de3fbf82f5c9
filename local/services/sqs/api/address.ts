import type { Place } from "../../../core/place.js";
import type { SqsRequest } from "./request.js";

/** A queue that a request names. */
export interface QueueAddress {
  account: string;
  name: string;
}

/**
 * The queue that a request is about: by the last two parts of its URL, whatever the host, or by its name.
 * @returns `undefined`: the URL is not a queue's
 * @throws SqsError when neither is given
 */
export const addressOf = (operation: string, request: SqsRequest, { account }: Place): QueueAddress | undefined => {
  if (operation === "GetQueueUrl") {
    return { account: request.optionalText("QueueOwnerAWSAccountId") ?? account, name: request.text("QueueName") };
  }
  const [, owner, name] = /\/(\d{12})\/([\w-]{1,80}(?:\.fifo)?)\/?$/.exec(request.text("QueueUrl")) ?? [];
  return owner !== undefined && name !== undefined ? { account: owner, name } : undefined;
};

/** The queue's ARN. */
export const queueArn = ({ account, name }: QueueAddress, { partition, region }: Place): string =>
  `arn:${partition}:sqs:${region}:${account}:${name}`;
