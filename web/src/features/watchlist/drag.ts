/** Dragging a row by its grip, with mouse, pen or finger. Drawn directly; React hears the end. */
import type { PointerEvent } from 'react';

/** How close to an edge of the scroller a drag begins to scroll it. */
const EDGE_PX = 40;

export function startDrag(event: PointerEvent<HTMLElement>, onDrop: (to: number) => void): void {
  const row = event.currentTarget.closest<HTMLElement>('[data-symbol]');
  const body = row?.parentElement;
  if (!row || !body || event.button !== 0) return;
  event.preventDefault();
  const scroller = body.closest<HTMLElement>('[data-scroller]');
  const rows = [...body.querySelectorAll<HTMLElement>('[data-symbol]')];
  const from = rows.indexOf(row);
  const startY = event.clientY;
  const startScroll = scroller?.scrollTop ?? 0;
  const height = row.offsetHeight;
  let to = from;
  let y = startY;
  let frame = 0;

  row.dataset['dragging'] = 'true';
  document.body.style.cursor = 'grabbing';

  function draw() {
    frame = requestAnimationFrame(draw);
    if (scroller) {
      const box = scroller.getBoundingClientRect();
      if (y < box.top + EDGE_PX) scroller.scrollTop -= 8;
      else if (y > box.bottom - EDGE_PX) scroller.scrollTop += 8;
    }
    const moved = y - startY + (scroller?.scrollTop ?? 0) - startScroll;
    to = Math.max(0, Math.min(rows.length - 1, from + Math.round(moved / height)));
    rows.forEach((other, i) => {
      if (other === row) other.style.transform = `translateY(${moved}px)`;
      else if (i > from && i <= to) other.style.transform = `translateY(${-height}px)`;
      else if (i < from && i >= to) other.style.transform = `translateY(${height}px)`;
      else other.style.transform = '';
    });
  }

  function end(drop: boolean) {
    cancelAnimationFrame(frame);
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', up);
    window.removeEventListener('pointercancel', cancel);
    window.removeEventListener('keydown', key, true);
    document.body.style.cursor = '';
    delete row?.dataset['dragging'];
    for (const other of rows) other.style.transform = '';
    if (drop && to !== from) onDrop(to);
  }

  const move = (next: globalThis.PointerEvent) => {
    y = next.clientY;
  };
  const up = () => end(true);
  const cancel = () => end(false);
  const key = (next: KeyboardEvent) => {
    if (next.key !== 'Escape') return;
    next.stopPropagation();
    end(false);
  };
  window.addEventListener('pointermove', move);
  window.addEventListener('pointerup', up);
  window.addEventListener('pointercancel', cancel);
  window.addEventListener('keydown', key, true);
  draw();
}
