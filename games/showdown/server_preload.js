'use strict';
// Loaded with `node -r` before Showdown. It ties the server to the Python process that started it.
const net = require('net');

// 1. Never outlive the parent. Its death, even by SIGKILL, closes our standard input; a process
// that it forked may hold the other end open, so the parent's id is watched as well.
const parent = process.ppid;
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdin.resume();
setInterval(() => {
	if (process.ppid !== parent) process.exit(0);
}, 1000).unref();

// 2. Say that this very process listens, or end: Showdown only logs a busy port and lives on
// without a socket, while another program's server answers there.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
	this.once('listening', () => console.log(`PLYWISE LISTENING ${this.address().port}`));
	this.once('error', error => {
		console.log(`PLYWISE CANNOT LISTEN ${error.code}`);
		process.exit(98);
	});
	return listen.apply(this, args);
};
