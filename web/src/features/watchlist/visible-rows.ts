/** Tells each row when it comes into view and when it leaves: rows out of sight draw nothing. */

export class VisibleRows {
  private readonly callbacks = new Map<Element, (visible: boolean) => void>();
  private readonly observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) this.callbacks.get(entry.target)?.(entry.isIntersecting);
    },
    { rootMargin: '120px 0px' },
  );

  observe(element: Element, callback: (visible: boolean) => void): () => void {
    this.callbacks.set(element, callback);
    this.observer.observe(element);
    return () => {
      this.callbacks.delete(element);
      this.observer.unobserve(element);
    };
  }
}
