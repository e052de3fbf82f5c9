/** One rule that runs a function by the clock. */
export interface ScheduleModel {
  logicalId: string;
  functionId: string;
  everyMs: number;
}
