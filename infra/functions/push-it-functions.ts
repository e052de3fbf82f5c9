import type * as lambda from "aws-cdk-lib/aws-lambda";

/** The functions of one Push-It. */
export interface PushItFunctions {
  /** Behind `$connect`: runs the connection guard and stores the agent. */
  readonly connect: lambda.Function;
  /** Behind `$disconnect`: removes the agent and its subscriptions. */
  readonly disconnect: lambda.Function;
  /** Behind `connect`: sends a denied client the reason. */
  readonly connectStatus: lambda.Function;
  /** Behind `subscribe`. */
  readonly subscribe: lambda.Function;
  /** Behind `unsubscribe`. */
  readonly unsubscribe: lambda.Function;
  /** Behind `publish`: runs the publication guard and delivers to the subscribers. */
  readonly publish: lambda.Function;
  /** Behind `send`: `publish` without an answer. */
  readonly send: lambda.Function;
  /** Behind `refresh`: runs the connection guard for an agent on its open connection. */
  readonly refresh: lambda.Function;
  /** Behind `ping`: replies whether the client's agent still exists. */
  readonly ping: lambda.Function;
  /** Behind `heartbeat`: a ping that gets a reply only if there is news. */
  readonly heartbeat: lambda.Function;
  /**
   * Behind `state`: changes the state of a member of a channel.
   *
   * @default - none, if no channel has members with a state
   */
  readonly state?: lambda.Function;
  /**
   * Behind `presence`: lists the members of a channel.
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
  /** On a schedule: finds agents that left without a disconnect event. */
  readonly sweep: lambda.Function;
  /** Behind no route: handles requests of the back end. A principal that may invoke it may publish on every channel. */
  readonly serverApi: lambda.Function;
  /** Behind a queue: delivers to the subscribers that a publication has enqueued. */
  readonly fanOutWorker: lambda.Function;
  /**
   * Behind no route: delivers on channels that linger.
   *
   * @default - none: no channel lingers
   */
  readonly lingerFlusher?: lambda.Function;
  /**
   * Behind no route, and on a schedule: notifies subscribers of joins and leaves on channels with presence.
   *
   * @default - none: no channel has presence
   */
  readonly presenceNotifier?: lambda.Function;
  /**
   * On a schedule: finds members of channels with presence whose connections have ended without a disconnect event.
   *
   * @default - none: no channel has presence
   */
  readonly presenceChecker?: lambda.Function;
}
