// Stands in for two parts of the AWS SDK in the Lambda bundles that our functions never come to, and that would only be
// carried along: the cache of endpoint discovery (which is off, and would be asked for in AWS_ENABLE_ENDPOINT_DISCOVERY)
// and event streams (which no DynamoDB operation of ours has). Whoever comes here all the same is told.
const unused = (name) => {
  throw new Error(`${name} is not in this bundle: see scripts/bundles.mjs`);
};

export class EndpointCache {
  has() {
    return unused("endpoint discovery");
  }

  get() {
    return unused("endpoint discovery");
  }
}

export class EventStreamSerde {
  constructor() {
    unused("EventStreamSerde");
  }
}

export const eventStreamSerdeProvider = () => unused("eventStreamSerdeProvider");
