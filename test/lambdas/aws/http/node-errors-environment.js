const { TestEnvironment } = require("jest-environment-node");

/*
 * Jest gives each test file an Error class of its own, and Node's errors are not instances of it. The SDK wraps such
 * errors and loses the code of a broken socket. A Lambda function does not have this problem.
 */
module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    this.global.Error = Error;
  }
};
