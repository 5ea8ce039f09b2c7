'use strict';
// What a Showdown server for bots on this machine changes in Showdown's example configuration.
exports.bindaddress = '127.0.0.1'; // Showdown's own default is every network interface
exports.backdoor = false; // no console for local users or Showdown's administrators
exports.consoleips = [];
exports.repl = false;
exports.subprocesses = 0; // one process instead of ten: it starts sooner and is easier to stop
exports.watchconfig = false;
exports.nothrottle = true; // with the next two: what the flag --no-security sets
exports.noguestsecurity = true;
exports.noipchecks = true;
exports.reportjoins = false;
exports.reportbattles = false;
exports.reportbattlejoins = false;
exports.inactiveuserthreshold = 24 * 60 * 60 * 1000; // ms; the default logs idle bots out after an hour
exports.loginserver = 'http://127.0.0.1:9/'; // a dead address: bots' names need no account
exports.wsdeflate = null; // compression gains nothing on one machine, and its package is optional
exports.commands = require('./server_seeds').commands; // battles that can be played again
