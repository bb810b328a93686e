/**
 * What `ps` shows, in place of "node …/main.js": guests end their servers by `pkill -f node`, `pkill -f main.js` or `killall
 * node`, and none of it may be the executor's end. It takes effect for the command line and for the process's name alike; the
 * command line that it replaces is whoever's starts the executor (the image's ENTRYPOINT, the local cluster's layout).
 */
process.title = 'warmboxd';
