/** Where this run is said to be. */
export interface Place {
  region: string;
  account: string;
  partition: string;
}
