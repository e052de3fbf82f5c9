const { TestEnvironment } = require("jest-environment-node");

/*
 * Jest gives each test file an Error of its own, of which nothing that Node throws is an instance. The SDK wraps what is
 * no Error, and the code of a broken socket is lost on the way: in a Lambda it is not.
 */
module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    this.global.Error = Error;
  }
};
