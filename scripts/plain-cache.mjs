// Stands in for mnemonist's LRU cache in the Lambda bundles: all that is kept in it is what DynamoDB's endpoint discovery
// finds, which is off, and would be one entry for each access key.
export default class PlainCache {
  #entries = new Map();
  get = (key) => this.#entries.get(key);
  peek = this.get;
  has = (key) => this.#entries.has(key);
  set = (key, value) => void this.#entries.set(key, value);
  clear = () => this.#entries.clear();
}
