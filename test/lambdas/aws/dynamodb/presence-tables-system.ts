import { PresenceRecordingTable } from "../../../../lambdas/aws/dynamodb/presence-recording-table.js";
import { LivenessTable } from "../../../../lambdas/aws/dynamodb/liveness-table.js";
import { MembersTable } from "../../../../lambdas/aws/dynamodb/members-table.js";
import { OccupancyTable } from "../../../../lambdas/aws/dynamodb/occupancy-table.js";
import { memberPlace } from "../../../../lambdas/presence/members.js";
import { PresenceRecorder } from "../../../../lambdas/presence/presence-recorder.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { agentOf, TestLog } from "../../support/fakes.js";
import { useEngine } from "../../support/test-table.js";

export const ada = agentOf("c1", { userId: "ada", info: { name: "Ada" } });

/** The place of Ada's member. */
export const ADA = memberPlace(ada);

/** An engine for the tests of a file. The result makes a new table with presence, and the channels that it announced. */
export const usePresenceTables = () => {
  const engine = useEngine();
  return async () => {
    const testTable = await engine.table();
    const members = new MembersTable(testTable, testTable.clock);
    const liveness = new LivenessTable(testTable, testTable.clock);
    const occupancy = new OccupancyTable(testTable, testTable.clock);
    const asked: string[] = [];
    const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };
    const announce = async (channels: readonly string[]) => void asked.push(...channels);
    const recorder = new PresenceRecorder({
      members,
      liveness,
      occupancy,
      announce,
      settings,
      clock: testTable.clock,
      log: new TestLog(),
    });
    const table = new PresenceRecordingTable(testTable.client, testTable.name, testTable.clock, {}, recorder);
    return { testTable, members, liveness, occupancy, asked, table };
  };
};
