/**
 * One connection to the server that comes back by itself. It knows frames, not their meaning:
 * who listens decides that. Silence longer than a ping allows counts as a lost connection.
 */
import type { ClientFrame, ServerFrame } from '../domain/api-types';
import { backoffMs } from './backoff';
import type { Environment, SocketLike } from './environment';

export type LinkState =
  | { phase: 'connecting'; attempt: number }
  | { phase: 'open'; since: number }
  | { phase: 'waiting'; attempt: number; retryAt: number; lostAt: number };

export type Link = LinkState & {
  /** When the connection was last known good; null before the first. */
  lastHeardAt: number | null;
  roundTripMs: number | null;
  everOpen: boolean;
};

export const PING_EVERY_MS = 5_000;
export const SILENCE_MAX_MS = 12_000;
export const OPENING_MAX_MS = 10_000;

type Listener = {
  onOpen(): void;
  onFrame(frame: ServerFrame): void;
  onLost(): void;
  /** The login that the connection came with has ended. */
  onSignedOut(): void;
};

/** The server's close code for that; see docs/protocol.md. */
const SIGNED_OUT = 4003;

export class Connection {
  private socket: SocketLike | null = null;
  private state: Link = {
    phase: 'connecting',
    attempt: 0,
    lastHeardAt: null,
    roundTripMs: null,
    everOpen: false,
  };
  private attempt = 0;
  private timer: number | null = null;
  private pingId = 0;
  private pingSentAt = 0;
  private stopped = true;
  private readonly watchers = new Set<() => void>();
  /** Frames that were not understood; counted, never thrown. */
  unknownFrames = 0;

  constructor(
    private readonly url: string,
    private readonly env: Environment,
    private readonly listener: Listener,
  ) {}

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.setTimer(null);
    this.drop();
  }

  /** Someone pressed "try now", or the system says that the network is back. */
  retryNow(): void {
    if (this.stopped || this.state.phase !== 'waiting') return;
    this.connect();
  }

  /** True when the frame was handed to the socket; frames are never queued while disconnected. */
  send(frame: ClientFrame): boolean {
    if (!this.socket || this.state.phase !== 'open') return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  link = (): Link => this.state;

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  private connect(): void {
    this.drop();
    this.become({ phase: 'connecting', attempt: this.attempt });
    const socket = this.env.openSocket(this.url);
    this.socket = socket;
    this.setTimer(() => this.lost(), OPENING_MAX_MS);
    socket.onopen = () => {
      if (this.socket !== socket) return;
      this.attempt = 0;
      this.become({ phase: 'open', since: this.env.now() }, { everOpen: true, heard: true });
      this.listener.onOpen();
      this.ping();
    };
    socket.onmessage = (event) => {
      if (this.socket === socket) this.heard(event.data);
    };
    socket.onclose = ({ code }) => {
      if (this.socket !== socket) return;
      this.lost();
      if (code === SIGNED_OUT) this.listener.onSignedOut();
    };
    socket.onerror = () => {
      // Always followed by a close, which is where the work is done.
    };
  }

  private heard(data: unknown): void {
    this.state.lastHeardAt = this.env.now();
    let frame: ServerFrame;
    try {
      frame = JSON.parse(String(data)) as ServerFrame;
    } catch {
      this.unknownFrames += 1;
      return;
    }
    if (frame.type === 'pong') {
      if (frame.id === this.pingId) {
        this.become(
          { phase: 'open', since: this.state.phase === 'open' ? this.state.since : this.env.now() },
          { roundTripMs: this.env.now() - this.pingSentAt },
        );
      }
      return;
    }
    this.listener.onFrame(frame);
  }

  private ping(): void {
    const silent = this.env.now() - (this.state.lastHeardAt ?? 0);
    if (silent > SILENCE_MAX_MS) {
      this.lost();
      return;
    }
    this.pingId += 1;
    this.pingSentAt = this.env.now();
    this.send({ type: 'ping', id: this.pingId });
    this.setTimer(() => this.ping(), PING_EVERY_MS);
  }

  private lost(): void {
    this.drop();
    if (this.stopped) return;
    const delay = backoffMs(this.attempt, this.env.random());
    const lostAt = this.state.phase === 'waiting' ? this.state.lostAt : this.env.now();
    this.attempt += 1;
    this.become({
      phase: 'waiting',
      attempt: this.attempt,
      retryAt: this.env.now() + delay,
      lostAt,
    });
    this.listener.onLost();
    this.setTimer(() => this.connect(), delay);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close();
    } catch {
      // A socket that never opened may refuse to close; it is forgotten all the same.
    }
  }

  private setTimer(run: (() => void) | null, ms = 0): void {
    if (this.timer !== null) this.env.clearTimer(this.timer);
    this.timer = run ? this.env.setTimer(run, ms) : null;
  }

  private become(
    next: LinkState,
    more: { everOpen?: boolean; heard?: boolean; roundTripMs?: number } = {},
  ): void {
    this.state = {
      ...next,
      lastHeardAt: more.heard ? this.env.now() : this.state.lastHeardAt,
      roundTripMs: next.phase === 'open' ? (more.roundTripMs ?? this.state.roundTripMs) : null,
      everOpen: more.everOpen ?? this.state.everOpen,
    };
    for (const watcher of this.watchers) watcher();
  }
}
