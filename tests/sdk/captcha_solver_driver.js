// Drives the official 2Captcha SDK for Node, unmodified but for its two addresses.
// NODE_PATH names the folder with the SDK; NODE_EXTRA_CA_CERTS the gate's CA where `base_url` is an https one.
"use strict";

const readline = require("node:readline");
const zlib = require("node:zlib");

// The SDK logs what it does not know to stdout, where only answers belong.
console.log = (...words) => console.error(...words);

const { Solver } = require("@2captcha/captcha-solver");
const { version } = require("@2captcha/captcha-solver/package.json");

const SITE_KEY = "6LfD3PIbAAAAAJs_eEHvoOl75_83eXSqpPSRFJ_u";
const PAGE = "https://example.com/login";

// The pause before each poll; the SDK's own is 5 seconds.
const PAUSE_MS = 20;

class GateSolver extends Solver {
  constructor(baseUrl, key) {
    super(key, PAUSE_MS);
    this.base = baseUrl.replace(/\/+$/, "");
  }
  get in() {
    return `${this.base}/in.php`;
  }
  get res() {
    return `${this.base}/res.php`;
  }
}

// A PNG of 60 by 20 grey noise: over the 100 bytes below which providers refuse an image.
function imageBase64() {
  const [width, height] = [60, 20];
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = (x * 7 + y * 13) % 256;
  }
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 0, 0, 0, 0]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk("IHDR", header), chunk("IDAT", zlib.deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]).toString("base64");
}

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const result = (solved) => ({ task: String(solved.id), answer: solved.data });

const scenarios = {
  balance: (solver) => solver.balance(),
  token: async (solver, request) => result(await solver.recaptcha({ pageurl: PAGE, googlekey: SITE_KEY, ...request.params })),
  image: async (solver) => result(await solver.imageCaptcha({ body: imageBase64() })),
  poll: async (solver, request) => result(await solver.pollResponse(request.task)),
  report_good: (solver, request) => solver.goodReport(request.task),
  report_bad: (solver, request) => solver.badReport(request.task),
};

async function play(request) {
  const answer = { sdk: `@2captcha/captcha-solver ${version}`, scenario: request.scenario };
  const scenario = scenarios[request.scenario];
  if (!scenario) return { ...answer, ok: false, unsupported: true, message: `no call for ${request.scenario}` };
  try {
    return { ...answer, ok: true, value: await scenario(new GateSolver(request.base_url, request.key), request) };
  } catch (raised) {
    // `err` is the provider's own word; `message` the SDK's sentence about it
    return { ...answer, ok: false, exception: raised.name, code: raised.err, message: raised.message };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line.trim()) process.stdout.write(`${JSON.stringify(await play(JSON.parse(line)))}\n`);
  }
})();
