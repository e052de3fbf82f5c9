import { createHash } from "node:crypto";
import { Token } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as targets from "aws-cdk-lib/aws-events-targets";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { IConstruct } from "constructs";
import { isChannelName, SERVER_API_VERSION, MAX_USER_ID_LENGTH } from "../protocol/index.js";
import { anything, duration, having, number, struct, text } from "./props/checks/rules.js";
import { validationError } from "./props/validation-error.js";

/**
 * The message that an EventBridge rule publishes: `channel` or `userId`, and `data`. The other props are about events
 * that EventBridge cannot deliver.
 */
export interface PublishTargetProps extends targets.TargetBaseProps {
  /**
   * The channel. It may contain parts of the event, but not every string is a valid channel name. A part that can be
   * any string, such as an object's key, belongs in `data`.
   *
   * @default - none: the message is for `userId`
   */
  readonly channel?: string;
  /**
   * The user whose connections get the message, on `/meta/user`.
   *
   * @default - none: the message is for `channel`
   */
  readonly userId?: string;
  /** The message's data: any JSON value. `events.EventField.fromPath()` inserts parts of the event. */
  readonly data: unknown;
}

/** A newer CDK may have more props about events that cannot be delivered. */
const publishTargetProps = struct<PublishTargetProps>(
  {
    channel: text,
    userId: text,
    data: anything,
    deadLetterQueue: having<sqs.IQueue>("queueArn", "an SQS queue"),
    maxEventAge: duration,
    retryAttempts: number,
  },
  { open: true },
);

/**
 * How many hexadecimal digits distinguish the targets of one event. With an event's id a uuid has fewer than 64
 * characters.
 */
const TARGET_DIGITS = 8;

/** The same for one target of one rule in each deployment. */
const targetDigits = (rule: IConstruct, id: string): string =>
  createHash("sha256").update(`${rule.node.addr}/${id}`).digest("hex").slice(0, TARGET_DIGITS);

/**
 * A target that publishes one message for each event. The message's `uuid` is the event's id and a suffix that names the
 * target. So an event that comes twice has the same `uuid` twice, and two targets may publish one event on one channel.
 */
export const publishTarget = (
  scope: IConstruct,
  publisher: lambda.IFunction,
  props: PublishTargetProps,
): events.IRuleTarget => {
  publishTargetProps(scope, "publishTarget", props);
  const { channel, userId, data, ...rest } = props;
  if ((channel === undefined) === (userId === undefined)) {
    throw validationError(scope, "publishTarget needs either a channel or a userId");
  }
  if (channel !== undefined && !Token.isUnresolved(channel) && !isChannelName(channel)) {
    throw validationError(scope, `publishTarget: nothing can be published on "${channel}"`);
  }
  if (userId !== undefined && !Token.isUnresolved(userId) && (userId === "" || userId.length > MAX_USER_ID_LENGTH)) {
    throw validationError(scope, `publishTarget: a userId is 1 to ${MAX_USER_ID_LENGTH} characters`);
  }
  const to = channel === undefined ? { userId } : { channel };
  return {
    bind: (rule, id = "") => {
      const uuid = `${events.EventField.eventId}-${targetDigits(rule, id)}`;
      const request = { version: SERVER_API_VERSION, publish: [{ ...to, uuid, data }] };
      return new targets.LambdaFunction(publisher, { ...rest, event: events.RuleTargetInput.fromObject(request) }).bind(
        rule,
        id,
      );
    },
  };
};
