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

/** What a Push-It can be told. Everything has a default; a Push-It without guards is open to everyone. */
export interface PushItProps {
  /**
   * Who decides about connections, subscriptions, publications and deliveries.
   *
   * @default - no guards: everyone may do everything, and synthesis warns about it
   */
  readonly guards?: Guards;

  /**
   * How long each guard may take for its verdict. Past it, the answer is no.
   *
   * @default - connection 10 seconds, all others 1 second
   */
  readonly timeouts?: GuardTimeouts;

  /**
   * How long a publication may spend on reaching its subscribers, once its guard has decided. Delivery guards run
   * within it.
   *
   * @default Duration.seconds(10)
   */
  readonly fanOutBudget?: Duration;

  /**
   * How many subscribers a publication is posted to by the function that publishes. All others are posted to by
   * workers, which are fed by a queue with up to 1,000 subscribers at a time. From 1 to 10,000.
   *
   * @default 2000
   */
  readonly fanOutThreshold?: number;

  /**
   * How many of those workers run at once, at most. It sets no concurrency aside, unlike `reservedConcurrency.deliver`, and
   * the segments that have to wait cost nothing. From 2 to 1,000.
   *
   * @default - `reservedConcurrency.deliver` if that is given, but at least 2; otherwise 500
   */
  readonly deliveryConcurrency?: number;

  /**
   * The patterns at or below which wildcard subscriptions are possible, such as `stories/*`. Each publication on a
   * channel below one costs a Query more for every pattern level that could match it; other channels cost nothing.
   *
   * @default - no wildcard subscriptions
   */
  readonly wildcards?: string[];

  /**
   * What is special about single channels, by pattern: a channel's name, or a wildcard such as `prices/*`. Of the patterns
   * that match a channel the most specific decides, its own name before the longest wildcard; options are not merged.
   *
   * @default - nothing: every message is delivered at once, and none is kept
   */
  readonly channels?: { readonly [pattern: string]: ChannelOptions };

  /**
   * For how long a publication that is repeated is known again, on channels with history: with the same `uuid`, by the
   * same client, also after it has connected again. 6 minutes to a day: always longer than the SDK repeats one. And a
   * minute shorter, at least, than messages are stored, which is 2 hours longer than the `history.ttl` of each channel.
   *
   * @default Duration.minutes(15)
   */
  readonly dedupeWindow?: Duration;

  /**
   * How often subscribers of channels with history ask whether they have missed a last message that no other follows: so
   * late such a loss is noticed at most. Each time costs a message in, one out, an invocation and a read unit, and two
   * more read units a channel: every minute, that is ten times what the connection's minutes cost; every five, twice. It
   * takes the place of the SDK's heartbeat. 5 seconds to 9 minutes; clients may choose another.
   *
   * @default Duration.minutes(5)
   */
  readonly checkInterval?: Duration;

  /**
   * How long an agent counts as present, on channels with presence, without saying so again: so long after a crash
   * presence is right again. Twice in this time each agent says so, which costs a message in, one out, and a write unit a
   * channel. 20 seconds to 10 minutes; with less than 2 minutes, users with hidden tabs come and go, because browsers
   * wake those once a minute.
   *
   * @default Duration.minutes(2)
   */
  readonly presenceLease?: Duration;

  /**
   * What a denied client gets.
   *
   * @default Denials.EXPLAIN
   */
  readonly denials?: Denials;

  /**
   * What one client may ask for: sizes, names, counts and rates. What exceeds a limit is refused with that limit's code,
   * and nothing of it is done.
   *
   * @default - 100 subscriptions an agent, 100 connections a `userId`, 100 publications a second; frames as large as
   * API Gateway and the protocol allow
   */
  readonly limits?: Limits;

  /**
   * The origins of the pages that may connect, such as `https://example.com`: all others are refused before the
   * connection guard runs. In `https://*.previews.example.com` the `*` is any one label, in `https://*-team.example.com`
   * the beginning of one. Clients that are not browsers choose what they send, or send no origin; whether they may
   * connect, only the guard decides.
   *
   * @default - all
   */
  readonly allowedOrigins?: string[];

  /**
   * Whether what the connection guard leaves in `agent.credentials` is stored, encrypted at rest, for later guards.
   *
   * @default true
   */
  readonly keepCredentials?: boolean;

  /**
   * Whether a back end can also send its requests to a URL, signed with IAM credentials: for systems without an AWS SDK.
   * Whom `grantPublishUrl` names may use it. Some Regions have no such URLs: synthesis refuses it there, if the Region is
   * known.
   *
   * @default false
   */
  readonly publishUrl?: boolean;

  /**
   * A bus of EventBridge on which the back end is told, with the source `push-it`, when agents connect and disconnect,
   * and when channels with presence get their first member and lose their last. Costs an event each, and the handshake
   * the time of one call.
   *
   * @default - the back end is told nothing
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
   * @default - connect 400 per second with bursts of 800; all routes together six tenths of an account's default quota,
   * so that the rest remains for posting messages. A quarter of that in Regions with a quarter of the quota
   */
  readonly throttling?: RouteThrottling;

  /**
   * Concurrency that is set aside for, and the most that is used by, single functions.
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
   * How often agents are looked for whose leaving nobody noticed. Whole minutes, at most 120.
   *
   * @default Duration.minutes(15)
   */
  readonly sweepInterval?: Duration;

  /**
   * Whose key encrypts the table. It is always encrypted.
   *
   * @default - `encryptionKey` if there is one, otherwise a key that DynamoDB owns, at no cost
   */
  readonly encryption?: dynamodb.TableEncryption;

  /**
   * Your key for the table. The functions are granted what they need of it.
   *
   * @default - with `TableEncryption.CUSTOMER_MANAGED`, one is made; otherwise none
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Whether the table's key also encrypts the log groups that the construct makes. CloudWatch Logs encrypts them in any
   * case. Needs `encryptionKey`, or `TableEncryption.CUSTOMER_MANAGED`. The key policy gets what CloudWatch Logs needs; that of
   * an imported key is yours to change: synthesis warns.
   *
   * @default false
   */
  readonly logEncryption?: boolean;

  /**
   * Whether the table can be restored to any second of the last 35 days. Of use for channels with `history`; all other
   * rows describe open sockets, which are long closed when a table has been restored.
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
   * What happens to the table, and to a key that the construct made for it, when the construct is removed or renamed.
   * With `history`, the table holds all messages of up to 30 days. Without, nothing in it outlives its sockets by more
   * than a day.
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
   * What the functions run on. x86_64 costs a quarter more for the same time; choose it in a Region without arm64.
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
   * What becomes of the functions' logs when the construct is removed.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly logRemovalPolicy?: RemovalPolicy;

  /**
   * From which level on the functions, and guards that use `console`, are logged.
   *
   * @default lambda.ApplicationLogLevel.INFO
   */
  readonly applicationLogLevel?: lambda.ApplicationLogLevel;

  /**
   * From which level on Lambda's own lines are logged. Its start and report lines are below this default: at a message
   * or two per invocation they would cost more than the invocation.
   *
   * @default lambda.SystemLogLevel.WARN
   */
  readonly systemLogLevel?: lambda.SystemLogLevel;
}
