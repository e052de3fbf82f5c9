import type { Duration } from "aws-cdk-lib";

/**
 * How long each guard may take for its verdict: at least 100 milliseconds each. A function's own timeout follows from
 * these and can be at most 28 seconds.
 */
export interface GuardTimeouts {
  /**
   * For deciding a connection.
   *
   * @default Duration.seconds(10)
   */
  readonly onConnectionRequest?: Duration;
  /**
   * For deciding a subscription.
   *
   * @default Duration.seconds(1)
   */
  readonly onSubscriptionRequest?: Duration;
  /**
   * For deciding a publication.
   *
   * @default Duration.seconds(1)
   */
  readonly onPublicationRequest?: Duration;
  /**
   * For deciding an unsubscription.
   *
   * @default Duration.seconds(1)
   */
  readonly onUnsubscriptionRequest?: Duration;
  /**
   * For deciding the state of a member of a channel.
   *
   * @default Duration.seconds(1)
   */
  readonly onPresenceRequest?: Duration;
  /**
   * For one recipient of one message. Within the fan-out budget.
   *
   * @default Duration.seconds(1)
   */
  readonly onMessageReceived?: Duration;
  /**
   * For the notification that an agent has left.
   *
   * @default Duration.seconds(1)
   */
  readonly onDisconnect?: Duration;
}
