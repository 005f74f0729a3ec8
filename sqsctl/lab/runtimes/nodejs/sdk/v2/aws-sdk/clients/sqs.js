module.exports = require("../index.js").SQS;
