// What Home Assistant's own JavaScript client makes of the Home Assistant at URL: one JSON object on stdout.
// js_client.mjs URL TOKEN-FILE WRONG-TOKEN
import { readFileSync } from "node:fs";
import WebSocket from "ws";
import {
  createConnection,
  createLongLivedTokenAuth,
  ERR_INVALID_AUTH,
  getConfig,
  getStates,
  getUser,
} from "home-assistant-js-websocket";

globalThis.WebSocket = WebSocket;

const [url, tokenFile, wrongToken] = process.argv.slice(2);
const token = readFileSync(tokenFile, "utf8").trim();
const connect = (secret) => createConnection({ auth: createLongLivedTokenAuth(url, secret), setupRetry: 0 });
const list = (connection, kind) => connection.sendMessagePromise({ type: `config/${kind}_registry/list` });

let refused = "let in";
try {
  (await connect(wrongToken)).close();
} catch (error) {
  refused = error === ERR_INVALID_AUTH ? "invalid auth" : String(error);
}

const connection = await connect(token);
const [config, states, user, devices, entities, unknown] = await Promise.all([
  getConfig(connection),
  getStates(connection),
  getUser(connection),
  list(connection, "device"),
  list(connection, "entity"),
  connection.sendMessagePromise({ type: "no/such" }).catch((error) => error.code),
]);

const seen = [];
const unsubscribe = await connection.subscribeEvents((event) => seen.push(event.event_type), "state_changed");
await unsubscribe();
await connection.ping();

process.stdout.write(
  JSON.stringify({
    refused,
    version: connection.haVersion,
    state: config.state,
    states: states.length,
    admin: user.is_admin,
    devices: devices.length,
    entities: entities.length,
    unknown,
  }) + "\n",
);
connection.close();
