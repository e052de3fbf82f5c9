import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Agent } from "../../connection/agent.js";
import type { PresenceRecorder } from "../../presence/presence-recorder.js";
import type { PresenceIdentity } from "../../presence/members.js";
import type { ChannelPatterns } from "../../../protocol/channel-settings.js";
import type { Clock } from "../../ports.js";
import { Table } from "./table.js";

type Recorder = Pick<PresenceRecorder, "join" | "announceJoins" | "leave" | "end" | "describe">;

/**
 * The table of a deployment with presence: it records joins and leaves with the subscriptions.
 *
 * A join is recorded before the agent receives messages, and a leave after it receives none. So if both happen at once,
 * no agent stays present without a subscription. Both are recorded while the agent has its own row, so that its removal
 * finds the channel. At worst an agent is subscribed and absent: it learns this from its next
 * ping, and subscribes again.
 */
export class PresenceRecordingTable extends Table {
  readonly #recorder: Recorder;

  constructor(client: DynamoDBClient, name: string, clock: Clock, channels: ChannelPatterns, recorder: Recorder) {
    super(client, name, clock, channels);
    this.#recorder = recorder;
  }

  override async putSubscriptions(
    agent: PresenceIdentity,
    channels: string[],
    observed: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    await super.putSubscriptions(agent, channels, observed);
    await this.#recorder.leave(
      agent.connectionId,
      channels.filter((channel) => observed.has(channel)),
    );
    await this.#recorder.announceJoins(
      agent,
      channels.filter((channel) => !observed.has(channel)),
    );
  }

  protected override beforeSubscribed(
    agent: PresenceIdentity,
    channels: string[],
    observed: ReadonlySet<string>,
  ): Promise<void> {
    return this.#recorder.join(
      agent,
      channels.filter((channel) => !observed.has(channel)),
    );
  }

  protected override afterUnsubscribed(connectionId: string, channels: string[]): Promise<void> {
    return this.#recorder.leave(connectionId, channels);
  }

  override endPresence(connectionId: string): Promise<void> {
    return this.#recorder.end(connectionId);
  }

  override async renewAgent(agent: Agent, previous: Agent): Promise<Agent | undefined> {
    const renewed = await super.renewAgent(agent, previous);
    if (renewed && JSON.stringify(agent.info) !== JSON.stringify(previous.info)) {
      await this.#recorder.describe(agent, (await this.connectionSubscriptions(agent.connectionId)).channels);
    }
    return renewed;
  }
}
