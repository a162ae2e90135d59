/** A world whose time, chance, sockets and frames a test moves by hand. */
import type { ClientFrame, ServerFrame } from '../domain/api-types';
import type { Environment, SocketLike } from '../stream/environment';

export class FakeSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  onerror: SocketLike['onerror'] = null;
  readonly sent: ClientFrame[] = [];
  closed = false;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }

  close(): void {
    this.closed = true;
  }

  /** What was sent since the last look. */
  take(type?: ClientFrame['type']): ClientFrame[] {
    const taken = this.sent.splice(0);
    return type ? taken.filter((frame) => frame.type === type) : taken;
  }

  open(): void {
    this.onopen?.();
  }

  hear(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  cut(): void {
    this.onclose?.({ code: 1006, reason: '' });
  }
}

type Timer = { at: number; run: () => void };

export class FakeEnvironment implements Environment {
  readonly sockets: FakeSocket[] = [];
  time = 1_000_000;
  chance = 0.5;
  private timers = new Map<number, Timer>();
  private nextTimer = 1;
  private frames: (() => void)[] = [];

  openSocket(url: string): FakeSocket {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket;
  }

  get socket(): FakeSocket {
    const socket = this.sockets[this.sockets.length - 1];
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }

  now(): number {
    return this.time;
  }

  random(): number {
    return this.chance;
  }

  setTimer(run: () => void, ms: number): number {
    const id = this.nextTimer++;
    this.timers.set(id, { at: this.time + ms, run });
    return id;
  }

  clearTimer(timer: number): void {
    this.timers.delete(timer);
  }

  onFrame(run: () => void): void {
    this.frames.push(run);
  }

  /** Lets time pass; what falls due runs in order. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end);
      const next = due.sort(([, a], [, b]) => a.at - b.at)[0];
      if (!next) break;
      const [id, { at, run }] = next;
      this.timers.delete(id);
      this.time = Math.max(this.time, at);
      run();
    }
    this.time = end;
  }

  frame(): void {
    const frames = this.frames;
    this.frames = [];
    for (const run of frames) run();
  }
}
