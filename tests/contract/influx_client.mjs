// What InfluxData's own JavaScript client makes of the InfluxDB at URL: one JSON object on stdout, the points that the
// server has taken whole and what the client says of each request.
// influx_client.mjs URL influxdb2|influxdb3 TOKEN-FILE WRONG-TOKEN
import { readFileSync } from "node:fs";
import * as two from "@influxdata/influxdb-client";
import * as three from "@influxdata/influxdb3-client";

const [url, kind, tokenFile, wrongToken] = process.argv.slice(2);
const token = readFileSync(tokenFile, "utf8").trim();
const org = "haingest";
const bucket = "home_assistant_events";
const gzipThreshold = 500; // bytes; what is refused below is shorter

// The error goes to stdout, as part of the answer.
for (const client of [two, three]) client.setLogger({ error() {}, warn() {} });

// 2026-01-05 12:00:00 UTC and so many nanoseconds; all of it is one week, where a field has one type.
const at = (nanoseconds) => String(1767614400000000000n + BigInt(nanoseconds));

const point = (time, measurement, tags, fields) => ({ time: at(time), measurement, tags, fields });

const hostile = [
  point(1, "power", { domain: "sensor", entity_id: "boiler" }, { value: ["float", 12.5], state: ["string", "on"] }),
  point(2, "power", { domain: "sensor", entity_id: "boiler" }, { value: ["float", 13], state: ["string", ""] }),
  point(
    3,
    'upper floor, "left" = warm',
    { "tag, with=all": "a=b, c d", '"quoted"': 'say "hi"', path: "C:\\temp\\x", ключ: "żółw 🐢" },
    {
      "field, with=all": ["string", 'say "hi", a=b c'],
      '"quoted"': ["boolean", true],
      backslash: ["string", "\\"],
      "ends in one": ["string", 'C:\\temp\\ and "C:\\"\\'],
      lines: ["string", 'one\ntwo,x=1 y="2" 3\n\n# four\r\nfive\n'],
      comma: ["string", ","],
      quote: ["string", '"'],
    },
  ),
  point(
    999_999_999,
    "numbers",
    {},
    {
      sum: ["float", 0.1 + 0.2],
      large: ["float", 1.7976931348623157e308],
      small: ["float", -5e-324],
      exponent: ["float", 1e21],
      most: ["integer", Number.MAX_SAFE_INTEGER],
      least: ["integer", -Number.MAX_SAFE_INTEGER],
      none: ["integer", 0],
      yes: ["boolean", true],
      no: ["boolean", false],
    },
  ),
];

const many = Array.from({ length: 2500 }, (_, i) =>
  point(1_000_000 + i, "many", { entity_id: `sensor.n${i % 50}` }, {
    value: ["float", i / 4],
    count: ["integer", i],
    even: ["boolean", i % 2 === 0],
    state: ["string", `number "${i}",\n`],
  }),
);

const kept = (request, time) => point(time, "kept", { request }, { value: ["float", 1] });

// A string is a line of its own.
const refused = {
  conflict: [
    kept("conflict", 10),
    point(11, "power", { entity_id: "pump" }, { value: ["integer", 7], state: ["string", 'a "b"\nc'] }),
    point(12, "power", { entity_id: "pump" }, { value: ["float", 7], state: ["boolean", true] }),
    kept("conflict", 13),
  ],
  "both new": [
    kept("both new", 20),
    point(21, "fresh", {}, { value: ["float", 1] }),
    point(22, "fresh", {}, { value: ["string", "one"] }),
  ],
  unparsed: [
    kept("unparsed", 30),
    `power value= ${at(31)}`,
    "# a comment",
    "",
    `power,entity_id=pump value=perhaps ${at(32)}`,
    point(33, "power", { entity_id: "pump" }, { value: ["boolean", true] }),
    "power",
    kept("unparsed", 34),
    "power value=1 noon",
    `power,entity_id= value=1 ${at(35)}`,
    `power,=pump value=1 ${at(36)}`,
    `power,entity_id value=1 ${at(37)}`,
    `power,entity_id=a=b value=1 ${at(38)}`,
  ],
  // What the client makes of it is no line.
  "ends in a backslash": [point(40, "power", { entity_id: "pump\\" }, { value: ["float", 1] })],
};

const said = (error) => ({
  error: error.name,
  status: error.statusCode,
  code: error.code,
  message: error.message,
  body: error.body,
  type: error.contentType ?? error.headers?.["content-type"],
  told: error.headers?.["x-platform-error-code"],
});

const setters = {
  two: { float: "floatField", integer: "intField", boolean: "booleanField", string: "stringField" },
  three: {
    float: "setFloatField",
    integer: "setIntegerField",
    boolean: "setBooleanField",
    string: "setStringField",
  },
};

function record(one, made, names, tag) {
  for (const [key, value] of Object.entries(one.tags)) made[tag](key, value);
  for (const [key, [type, value]] of Object.entries(one.fields)) made[names[type]](key, value);
  return made;
}

// Its requests as the client makes them out of the records: how many lines, and "ok" or the error.
const write2 = (records, secret) =>
  new Promise((resolve) => {
    const requests = [];
    const answered = (lines, outcome) => {
      requests.push({ lines: lines.length, said: outcome });
      if (requests.reduce((sum, request) => sum + request.lines, 0) < records.length) return;
      resolve(requests.sort((a, b) => b.lines - a.lines));
    };
    const api = new two.InfluxDB({ url, token: secret }).getWriteApi(org, bucket, "ns", {
      batchSize: 1000,
      flushInterval: 0,
      maxRetries: 0,
      gzipThreshold,
      writeSuccess: (lines) => answered(lines, "ok"),
      writeFailed: async (error, lines) => answered(lines, said(error)),
    });
    for (const one of records) {
      if (typeof one === "string") {
        api.writeRecord(one);
      } else {
        api.writePoint(record(one, new two.Point(one.measurement).timestamp(one.time), setters.two, "tag"));
      }
    }
    api.close();
  });

// noSync is what makes this client write to InfluxDB 3's own /api/v3/write_lp.
async function write3(records, secret) {
  const client = new three.InfluxDBClient({ host: url, token: secret, database: bucket });
  const requests = [];
  for (let from = 0; from < records.length; from += 1000) {
    const lines = records.slice(from, from + 1000).map((one) => {
      if (typeof one === "string") return one;
      const made = three.Point.measurement(one.measurement).setTimestamp(one.time);
      return record(one, made, setters.three, "setTag").toLineProtocol();
    });
    const outcome = await client.write(lines, undefined, undefined, { noSync: true, gzipThreshold }).then(
      () => "ok",
      (error) => said(error),
    );
    requests.push({ lines: lines.length, said: outcome });
  }
  await client.close();
  return requests;
}

const write = kind === "influxdb3" ? write3 : write2;
const answers = { hostile: await write(hostile, token), many: await write(many, token) };
for (const [name, records] of Object.entries(refused)) answers[name] = await write(records, token);
answers["wrong token"] = await write([kept("wrong token", 50)], wrongToken);

process.stdout.write(JSON.stringify({ points: [...hostile, ...many], answers }) + "\n");
