/** The Region, account and partition that ARNs of this run name. */
export interface Place {
  region: string;
  account: string;
  partition: string;
}
