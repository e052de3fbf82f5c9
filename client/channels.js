// "push-it-client/channels" for resolvers that do not read `exports`: see core.js.
module.exports = require("./dist/cjs/channels.js");
