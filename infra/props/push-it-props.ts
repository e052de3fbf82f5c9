import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import type * as events from "aws-cdk-lib/aws-events";
import type * as kms from "aws-cdk-lib/aws-kms";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as logs from "aws-cdk-lib/aws-logs";
import type { AccessLogs } from "../access-logs.js";
import type { ChannelOptions } from "./channel-options.js";
import type { Limits } from "./client-limits.js";
import type { Guards } from "../guards/guards.js";
import type { Denials, FunctionConcurrency, GuardTimeouts, RouteThrottling } from "./options.js";

/** The props of a Push-It. Every prop has a default. A Push-It without guards is open to everyone. */
export interface PushItProps {
  /**
   * The guards, which decide about connections, subscriptions, publications and deliveries.
   *
   * @default - no guards: everyone may do everything, and synthesis warns about it
   */
  readonly guards?: Guards;

  /**
   * How long each guard may take for its verdict. After that, the request is denied.
   *
   * @default - connection 10 seconds, all others 1 second
   */
  readonly timeouts?: GuardTimeouts;

  /**
   * How long the delivery of a publication to its subscribers may take, after its guard has decided. Delivery guards
   * run within this time.
   *
   * @default Duration.seconds(10)
   */
  readonly fanOutBudget?: Duration;

  /**
   * To how many subscribers the function that publishes posts a publication itself. Workers post to all others. A queue
   * feeds the workers with up to 1,000 subscribers at a time. From 1 to 10,000.
   *
   * @default 2000
   */
  readonly fanOutThreshold?: number;

  /**
   * How many of those workers run at once, at most. It reserves no concurrency, unlike
   * `reservedConcurrency.fanOutWorker`, and waiting segments cost nothing. From 2 to 1,000.
   *
   * @default - `reservedConcurrency.fanOutWorker` if that is given, but at least 2 and at most 1,000; otherwise 500
   */
  readonly deliveryConcurrency?: number;

  /**
   * The patterns at or below which wildcard subscriptions are possible, such as `stories/*`. A publication on a channel
   * below a pattern costs one more Query for every pattern level that could match it. Other channels cost nothing.
   * [PROTOCOL.md](PROTOCOL.md#patterns) has the grammar of patterns.
   *
   * @default - no wildcard subscriptions
   */
  readonly wildcards?: string[];

  /**
   * Options of channels, by pattern: a channel's name, or a pattern such as `prices/*`. A middle segment may be `*` too.
   * The most specific pattern that matches a channel decides, its own name first. Options are not merged.
   * [PROTOCOL.md](PROTOCOL.md#patterns) has the grammar of patterns.
   *
   * @default - nothing: every message is delivered at once, and none is kept
   */
  readonly channels?: { readonly [pattern: string]: ChannelOptions };

  /**
   * For how long a repeated publication is recognized, on channels with history: with the same `uuid`, by the same
   * client, also after a reconnection. 6 minutes to a day: always longer than the SDK's retries. It must also be at
   * least a minute shorter than the time that messages are stored. That time is 2 hours longer than the `history.ttl`
   * of each channel.
   *
   * @default Duration.minutes(15)
   */
  readonly dedupeWindow?: Duration;

  /**
   * How often subscribers of channels with history check whether they have missed the last message of a channel. This
   * is the longest time until such a loss is noticed. Each check costs a message, an invocation and a read unit, and two
   * more read units a channel. It travels with the SDK's heartbeat. 5 seconds to 9 minutes; clients may choose another
   * interval.
   *
   * @default Duration.minutes(7)
   */
  readonly checkInterval?: Duration;

  /**
   * How long presence may be wrong after a connection has closed without a disconnect event, on channels with presence.
   * Every minute, a function asks API Gateway about the connections of members. With a longer lease it asks about each
   * connection less often: every `presenceLease` less a minute. That is the way to more members than the default rate
   * of 1,000 questions a second allows. 90 seconds to 10 minutes.
   *
   * @default Duration.minutes(2)
   */
  readonly presenceLease?: Duration;

  /**
   * How often a client says that it is present, on channels with presence. If a network vanishes without a sign,
   * presence is correct again after this time and 2.5 minutes. Each heartbeat costs a message, an invocation and a write
   * unit, and a read unit for the agent and half of one a channel. It travels with `checkInterval`. 1 to 9 minutes.
   *
   * @default Duration.minutes(7)
   */
  readonly presenceHeartbeat?: Duration;

  /**
   * How long a member may be without a connection, on channels with presence, before its leave is announced. A page that
   * reloads within this time neither leaves nor joins. 0 to 30 seconds.
   *
   * @default Duration.seconds(5)
   */
  readonly presenceGrace?: Duration;

  /**
   * The response to a denied client.
   *
   * @default Denials.EXPLAIN
   */
  readonly denials?: Denials;

  /**
   * The limits of one client: sizes, names, counts and rates. Anything that exceeds a limit is refused with that
   * limit's code, and has no effect.
   *
   * @default - 100 subscriptions an agent, 100 connections a `userId`, 100 publications a second; frames as large as
   * API Gateway and the protocol allow
   */
  readonly limits?: Limits;

  /**
   * The origins of the pages that may connect, such as `https://example.com`. All others are refused before the
   * connection guard runs. In `https://*.previews.example.com` the `*` is any one label, in
   * `https://*-team.example.com` the beginning of a label. Clients that are not browsers can send any origin, or none.
   * Only the guard decides whether they may connect.
   *
   * @default - all
   */
  readonly allowedOrigins?: string[];

  /**
   * Whether `agent.credentials`, as the connection guard leaves it, is stored for later guards, encrypted at rest.
   *
   * @default true
   */
  readonly keepCredentials?: boolean;

  /**
   * Whether a back end can also send its requests to a URL, signed with IAM credentials: for systems without an AWS
   * SDK. `grantPublishUrl` grants the right to use it. Some Regions have no such URLs: synthesis refuses it there, if
   * the Region is known.
   *
   * @default false
   */
  readonly publishUrl?: boolean;

  /**
   * An EventBridge bus for events with the source `push-it`. Events are sent when agents connect and disconnect, and
   * when channels with presence get their first member and lose their last. Each costs an event, and the handshake
   * takes one call longer.
   *
   * @default - no events are sent
   */
  readonly eventBus?: events.IEventBus;

  /**
   * Name of the WebSocket API.
   *
   * @default - the path of the construct
   */
  readonly apiName?: string;

  /**
   * Name of the stage: the last part of the URL.
   *
   * @default "live"
   */
  readonly stageName?: string;

  /**
   * How many requests each route takes, of all clients together. Note that an account has a quota of new connections as
   * well: 500 per second.
   *
   * @default - connect 400 per second with bursts of 800; all routes together six tenths of an account's default quota.
   * The rest remains for posting messages. In Regions with a quarter of the quota, a quarter of that
   */
  readonly throttling?: RouteThrottling;

  /**
   * Reserved concurrency of single functions: it is set aside for the function, and is also its maximum.
   *
   * @default - none: all functions share the account's
   */
  readonly reservedConcurrency?: FunctionConcurrency;

  /**
   * Whether API Gateway logs each request, and who provides the account-wide role that it needs for that.
   *
   * @default AccessLogs.none()
   */
  readonly accessLogs?: AccessLogs;

  /**
   * How often the sweep looks for agents that left without a disconnect event. Whole minutes, at most 120.
   *
   * @default Duration.minutes(15)
   */
  readonly sweepInterval?: Duration;

  /**
   * The kind of key that encrypts the table. It is always encrypted.
   *
   * @default - `encryptionKey` if there is one, otherwise a key that DynamoDB owns, at no cost
   */
  readonly encryption?: dynamodb.TableEncryption;

  /**
   * Your key for the table. The functions get the rights on it that they need.
   *
   * @default - with `TableEncryption.CUSTOMER_MANAGED`, one is made; otherwise none
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Whether the table's key also encrypts the log groups that the construct makes. CloudWatch Logs encrypts them in any
   * case. Needs `encryptionKey`, or `TableEncryption.CUSTOMER_MANAGED`. The construct adds the needs of CloudWatch Logs
   * to the key policy. You must change the policy of an imported key yourself, and synthesis warns.
   *
   * @default false
   */
  readonly logEncryption?: boolean;

  /**
   * Whether the table can be restored to any second of the last 35 days. Useful for channels with `history`. All other
   * rows describe open sockets, which are closed long before a table has been restored.
   *
   * @default - true if a channel has `history`, otherwise false
   */
  readonly pointInTimeRecovery?: boolean;

  /**
   * Whether DynamoDB refuses to delete the table, until this is set to false and deployed.
   *
   * @default - true if a channel has `history` and `removalPolicy` is not DESTROY, otherwise false
   */
  readonly deletionProtection?: boolean;

  /**
   * The fate of the table, and of a key that the construct made for it, when the construct is removed or renamed. With
   * `history`, the table holds all messages of up to 30 days. Without it, every row expires at most a day after its
   * socket has closed.
   *
   * @default - RemovalPolicy.RETAIN if a channel has `history`, otherwise RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Memory of each function in MB; CPU and network come in proportion.
   *
   * @default 512
   */
  readonly memorySize?: number;

  /**
   * The architecture of the functions. x86_64 costs a quarter more for the same time. Choose it in a Region without
   * arm64.
   *
   * @default lambda.Architecture.ARM_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * How long the functions' logs are kept.
   *
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * The fate of the functions' logs when the construct is removed.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly logRemovalPolicy?: RemovalPolicy;

  /**
   * The lowest level at which the functions, and guards that use `console`, are logged.
   *
   * @default lambda.ApplicationLogLevel.INFO
   */
  readonly applicationLogLevel?: lambda.ApplicationLogLevel;

  /**
   * The lowest level at which Lambda's own lines are logged. Its start and report lines are below this default. At a
   * message or two per invocation they would cost more than the invocation.
   *
   * @default lambda.SystemLogLevel.WARN
   */
  readonly systemLogLevel?: lambda.SystemLogLevel;
}
