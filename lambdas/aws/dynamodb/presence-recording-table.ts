import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Agent } from "../../connection/agent.js";
import type { PresenceRecorder } from "../../presence/presence-recorder.js";
import type { PresenceIdentity } from "../../presence/members.js";
import type { ChannelPatterns } from "../../../protocol/channel-settings.js";
import type { Clock, DeletionOrder } from "../../ports.js";
import { Table } from "./table.js";

/**
 * The table of a deployment with presence: it records joins and leaves with the subscriptions.
 *
 * A join is recorded before the subscription is written, and a leave after it is deleted. So if both happen at once, no
 * agent stays present without a subscription. At worst an agent is subscribed and absent: it learns this from its next
 * ping, and subscribes again.
 */
export class PresenceRecordingTable extends Table {
  readonly #attendance: Pick<PresenceRecorder, "join" | "leave" | "describe" | "tell">;

  constructor(
    client: DynamoDBClient,
    name: string,
    clock: Clock,
    channels: ChannelPatterns,
    attendance: Pick<PresenceRecorder, "join" | "leave" | "describe" | "tell">,
  ) {
    super(client, name, clock, channels);
    this.#attendance = attendance;
  }

  override async putSubscriptions(agent: PresenceIdentity & Pick<Agent, "session">, channels: string[]): Promise<void> {
    await this.#attendance.join(agent, channels);
    await super.putSubscriptions(agent, channels);
    await this.#attendance.tell(channels);
  }

  override async deleteSubscriptions(connectionId: string, channels: string[], order?: DeletionOrder): Promise<void> {
    await super.deleteSubscriptions(connectionId, channels, order);
    await this.#attendance.leave(connectionId, channels);
  }

  override async renewAgent(agent: Agent, previous: Agent): Promise<Agent | undefined> {
    const renewed = await super.renewAgent(agent, previous);
    if (renewed && JSON.stringify(agent.info) !== JSON.stringify(previous.info)) {
      await this.#attendance.describe(agent, (await this.connectionSubscriptions(agent.connectionId)).channels);
    }
    return renewed;
  }
}
