/** What the stream needs from the outside: sockets, a clock, chance and frames, all replaceable. */

export type SocketLike = {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: (() => void) | null;
};

export type Environment = {
  openSocket(url: string): SocketLike;
  now(): number;
  random(): number;
  setTimer(run: () => void, ms: number): number;
  clearTimer(timer: number): void;
  /** Runs once before the next frame is drawn; while the page is hidden it may run late. */
  onFrame(run: () => void): void;
};

const HIDDEN_FRAME_MS = 1000;

export function browserEnvironment(): Environment {
  return {
    openSocket: (url) => new WebSocket(url) as unknown as SocketLike,
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (run, ms) => window.setTimeout(run, ms),
    clearTimer: (timer) => window.clearTimeout(timer),
    onFrame: (run) => {
      // A hidden page gets no frames, but its title must still follow: a slow timer stands in.
      const once = () => {
        cancelAnimationFrame(frame);
        window.clearTimeout(timer);
        run();
      };
      const frame = requestAnimationFrame(once);
      const timer = window.setTimeout(once, HIDDEN_FRAME_MS);
    },
  };
}

export function socketUrl(location: { protocol: string; host: string }): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
}
