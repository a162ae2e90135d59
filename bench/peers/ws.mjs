// The peer `ws`: a fan-out by symbol as one writes it with the npm package of that name.
//
// Publications come in batches on one connection to /ingest, a text frame of lines `SYMBOL PAYLOAD`.
// A payload goes out as the bytes it came in, one send a subscriber.
import { WebSocketServer } from 'ws';

const port = Number(process.argv[2]);
const rooms = new Map();
const LINE_FEED = 10;
const BLANK = 32;

function publish(batch) {
  let at = 0;
  while (at < batch.length) {
    const blank = batch.indexOf(BLANK, at);
    const end = batch.indexOf(LINE_FEED, blank);
    const room = rooms.get(batch.latin1Slice(at, blank));
    if (room !== undefined) {
      const payload = batch.subarray(blank + 1, end);
      for (const socket of room) socket.send(payload, { binary: false });
    }
    at = end + 1;
  }
}

function subscribe(socket, symbols) {
  for (const symbol of symbols) {
    let room = rooms.get(symbol);
    if (room === undefined) rooms.set(symbol, (room = new Set()));
    room.add(socket);
  }
  socket.on('close', () => {
    for (const symbol of symbols) rooms.get(symbol).delete(socket);
  });
  socket.send('{"type":"subscribed"}');
}

const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate: false, backlog: 4096 });
server.on('connection', (socket, request) => {
  socket.on('error', () => socket.terminate());
  if (request.url === '/ingest') {
    socket.on('message', publish);
  } else {
    socket.on('message', (text) => subscribe(socket, JSON.parse(text).symbols));
  }
});

// The generator holds our standard input: when it ends, so do we.
process.stdin.on('end', () => process.exit(0)).resume();
