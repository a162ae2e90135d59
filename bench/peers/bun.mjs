// The peer `bun`: a fan-out by symbol with Bun's own topics.
//
// Publications come in batches on one connection to /ingest, a text frame of lines `SYMBOL PAYLOAD`.
const port = Number(process.argv[2]);

const server = Bun.serve({
  hostname: '127.0.0.1',
  port,
  fetch(request, server) {
    const isIngest = new URL(request.url).pathname === '/ingest';
    if (server.upgrade(request, { data: { isIngest } })) return;
    return new Response('a WebSocket is expected here\n', { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    maxPayloadLength: 64 * 1024 * 1024,
    // Above the default of 1 MB, so that nothing is dropped in a block.
    backpressureLimit: 64 * 1024 * 1024,
    message(socket, text) {
      if (socket.data.isIngest) {
        let at = 0;
        while (at < text.length) {
          const blank = text.indexOf(' ', at);
          const end = text.indexOf('\n', blank);
          server.publish(text.slice(at, blank), text.slice(blank + 1, end));
          at = end + 1;
        }
      } else {
        for (const symbol of JSON.parse(text).symbols) socket.subscribe(symbol);
        socket.send('{"type":"subscribed"}');
      }
    },
  },
});

// The generator holds our standard input: when it ends, so do we.
process.stdin.on('end', () => process.exit(0)).resume();
