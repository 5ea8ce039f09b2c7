'use strict';
// Loaded with `node -r` before Showdown: says that this very process listens, or ends it. Showdown
// only logs a busy port and lives on without a socket, while another program's server answers there.
const net = require('net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
	this.once('listening', () => console.log(`PLYWISE LISTENING ${this.address().port}`));
	this.once('error', error => {
		console.log(`PLYWISE CANNOT LISTEN ${error.code}`);
		process.exit(98);
	});
	return listen.apply(this, args);
};
