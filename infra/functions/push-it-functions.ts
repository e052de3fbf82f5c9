import type * as lambda from "aws-cdk-lib/aws-lambda";

/** The functions of one Push-It. */
export interface PushItFunctions {
  /** Behind `$connect`: runs the connection guard and stores the agent. */
  readonly connect: lambda.Function;
  /** Behind `$disconnect`: removes what the agent left. */
  readonly disconnect: lambda.Function;
  /** Behind `connect`: tells a denied client the reason. */
  readonly connectStatus: lambda.Function;
  /** Behind `subscribe`. */
  readonly subscribe: lambda.Function;
  /** Behind `unsubscribe`. */
  readonly unsubscribe: lambda.Function;
  /** Behind `publish`: runs the publication guard and reaches the subscribers. */
  readonly publish: lambda.Function;
  /** Behind `send`: `publish` without an answer. */
  readonly send: lambda.Function;
  /** Behind `refresh`: runs the connection guard for an agent on its open connection. */
  readonly refresh: lambda.Function;
  /** Behind `ping`: tells a client whether its agent still exists. */
  readonly ping: lambda.Function;
  /**
   * Behind `presence`: tells who is on a channel.
   *
   * @default - none: no channel has presence
   */
  readonly presence?: lambda.Function;
  /**
   * Behind `history`: reads channels' histories.
   *
   * @default - none: no channel has history
   */
  readonly history?: lambda.Function;
  /** Behind `$default`: answers frames without a known action. */
  readonly default: lambda.Function;
  /** On a schedule: finds agents whose leaving nobody noticed. */
  readonly sweep: lambda.Function;
  /** Behind no route: does what the back end asks for. Whoever may invoke it may publish on every channel. */
  readonly serverApi: lambda.Function;
  /** Behind a queue: reaches the subscribers that a publication has handed on. */
  readonly fanOutWorker: lambda.Function;
  /**
   * Behind no route: delivers on channels that linger.
   *
   * @default - none: no channel lingers
   */
  readonly lingerFlusher?: lambda.Function;
  /**
   * Behind no route, and on a schedule: tells subscribers who comes to a channel with presence and who goes.
   *
   * @default - none: no channel has presence
   */
  readonly presenceNotifier?: lambda.Function;
}
