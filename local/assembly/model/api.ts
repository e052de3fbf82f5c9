/** One WebSocket API with one stage. */
export interface ApiModel {
  logicalId: string;
  /** The id in URLs and events; locally made up. */
  apiId: string;
  stage: string;
  /** Such as `$request.body.action`. */
  selectionExpression: string;
  /** By route key: `$connect`, `subscribe`, `$default`, … */
  routes: Record<string, RouteModel>;
  /** Throttle of routes that have none of their own; absent: none. */
  throttle?: Throttle;
}

/** One route and the function behind it. */
export interface RouteModel {
  routeKey: string;
  /** The integration's Lambda. */
  functionId: string;
  /** Whether the route has a RouteResponse, so that the function's body is sent back. */
  answers: boolean;
  /** The integration's timeout in milliseconds. @default 29000 */
  timeoutMs?: number;
  throttle?: Throttle;
}

/** A token bucket. */
export interface Throttle {
  /** Requests per second. */
  rate: number;
  burst: number;
}
