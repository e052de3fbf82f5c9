// "push-it-client/views" for resolvers that do not read `exports`.
module.exports = require("./dist/cjs/views.js");
