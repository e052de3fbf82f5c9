import { PresenceRecordingTable } from "../../../../lambdas/aws/dynamodb/presence-recording-table.js";
import { MembersTable } from "../../../../lambdas/aws/dynamodb/members-table.js";
import { OccupancyTable } from "../../../../lambdas/aws/dynamodb/occupancy-table.js";
import { PresenceRecorder } from "../../../../lambdas/presence/presence-recorder.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { agentOf, NOW, TestLog } from "../../support/fakes.js";
import { useEngine } from "../../support/test-table.js";

const LEASE = 120_000;
/** When a lease ends that began at `NOW`. */
export const UNTIL = NOW + LEASE;

export const ada = agentOf("c1", { userId: "ada", info: { name: "Ada" } });

/** An engine for the tests of a file. The result makes a new table with presence, and the channels that it announced. */
export const usePresenceTables = () => {
  const engine = useEngine();
  return async () => {
    const testTable = await engine.table();
    const members = new MembersTable(testTable, testTable.clock);
    const occupancy = new OccupancyTable(testTable, testTable.clock);
    const asked: string[] = [];
    const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };
    const announce = async (channels: readonly string[]) => void asked.push(...channels);
    const recorder = new PresenceRecorder({
      members,
      occupancy,
      announce,
      settings,
      clock: testTable.clock,
      log: new TestLog(),
    });
    const table = new PresenceRecordingTable(testTable.client, testTable.name, testTable.clock, {}, recorder);
    return { testTable, members, occupancy, asked, table };
  };
};
