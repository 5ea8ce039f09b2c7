'use strict';
// Loaded with `node -r`: ends this process when the one that started it has gone, even by SIGKILL.
// A thread of its own watches, since the main one may compute for minutes without a pause.
const {Worker, isMainThread} = require('worker_threads');

if (isMainThread) {
	new Worker(__filename, {stdout: true, stderr: true}).unref();
} else {
	const parent = Number(process.env.PLYWISE_PARENT);
	setInterval(() => {
		if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
	}, 500);
}
